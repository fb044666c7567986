# Writes OUT/NAME.h and OUT/NAME.c for a library that is loaded at its first use
# (format/lazy.h): DEF lists headers (`include FILE`) and functions and variables, a line each;
# SONAME is what dlopen is given. The types come from the library's own headers.
file(STRINGS ${DEF} lines)
set(includes "")
set(fields "")
set(macros "")
set(names "")
foreach(line IN LISTS lines)
	if(line MATCHES "^#|^$")
		continue()
	elseif(line MATCHES "^include (.*)$")
		string(APPEND includes "#include <${CMAKE_MATCH_1}>\n")
	else()
		string(APPEND fields "\t__typeof__(${line}) *${line};\n")
		string(APPEND macros "#undef ${line}\n#define ${line} (*lazy_${NAME}()->${line})\n")
		string(APPEND names "\t\"${line}\",\n")
	endif()
endforeach()
file(WRITE ${OUT}/${NAME}.h "#pragma once
${includes}
struct lazy_${NAME} {
${fields}};

const struct lazy_${NAME} *lazy_${NAME}(void);

${macros}")
file(WRITE ${OUT}/${NAME}.c "#include \"lazy/${NAME}.h\"
#include \"format/lazy.h\"

static const char *const names[] = {
${names}};

const struct lazy_${NAME} *lazy_${NAME}(void)
{
	static gsize once;
	static union {
		struct lazy_${NAME} functions;
		void *slots[G_N_ELEMENTS(names)];
	} table;

	G_STATIC_ASSERT(sizeof table.functions == sizeof table.slots);
	lazy_load(&once, \"${SONAME}\", names, table.slots, G_N_ELEMENTS(names));
	return &table.functions;
}
")
