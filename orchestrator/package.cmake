# `cmake --install build --prefix DIR`, and `cpack --config build/CPackConfig.cmake`: a
# package for the Debian it is made on.
install(TARGETS xorch RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/sysroots ${PROJECT_SOURCE_DIR}/toolchains
	DESTINATION ${CMAKE_INSTALL_DATADIR}/xorch)
install(DIRECTORY ${PROJECT_BINARY_DIR}/share/ DESTINATION ${CMAKE_INSTALL_DATADIR})
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR}
	RENAME copyright)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME xorch)
set(CPACK_PACKAGE_VENDOR "the xorch developers")
set(CPACK_PACKAGE_CONTACT "the xorch developers <xorch@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY
	"cross-builds aarch64 and armv7 Python wheels and Go programs")
set(CPACK_PACKAGE_DESCRIPTION "Reads YAML recipes, fetches manylinux sysroots and cross
toolchains, builds without emulation and checks the machine code that comes out.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION devel)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# What bootstrap calls `run`; bubblewrap has a lower level in its place, patch, make and
# perl are for projects that ask for them.
set(depends ca-certificates gpgv python3)
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS
	"bubblewrap, python3-dev, python3-pip-whl, patch, make, perl, qemu-user-static | qemu-user")

# Libraries that are loaded and not linked (format/lazy.h) dpkg-shlibdeps does not see.
find_program(DPKG_QUERY dpkg-query)
get_property(loaded GLOBAL PROPERTY XORCH_LOADED)
foreach(library IN LISTS loaded)
	file(REAL_PATH ${library} file)
	set(package)
	if(DPKG_QUERY)
		# Where /lib is a link to /usr/lib the package may have the file below either.
		string(REGEX REPLACE "^/usr/lib/" "/lib/" short ${file})
		execute_process(COMMAND ${DPKG_QUERY} --search ${file} ${short}
			OUTPUT_VARIABLE found ERROR_QUIET)
		string(REGEX MATCH "^[^:,]+" package "${found}")
	endif()
	if(package)
		list(APPEND depends ${package})
	endif()
endforeach()
# For wheel.py, which puts them into a wheel of xorch itself.
list(JOIN loaded "\n" lines)
file(WRITE ${PROJECT_BINARY_DIR}/loaded-libraries.txt "${lines}\n")
list(JOIN depends ", " CPACK_DEBIAN_PACKAGE_DEPENDS)
include(CPack)
