#pragma once
#include <glib.h>

/* One row a platform: everything that differs between targets, as data.
 * Sources: Docker/containerd platform normalisation, Debian multiarch names,
 * Go's GOARM, Rust's platform support page, the ELF psABIs. All pointers are
 * static; NULL or 0 where a platform has no such thing. */
typedef enum platform_float { FLOAT_NONE, FLOAT_SOFT, FLOAT_HARD } platform_float;

typedef struct platform {
	const char *name;   /* what xorch calls it: aarch64, armv7, x86_64, armv6 … */
	const char *docker; /* normalised: linux/arm64, linux/arm/v7 */
	const char *docker_arch,
		*docker_variant; /* TARGETARCH, TARGETVARIANT ("" none) */
	const char *triple; /* GNU, also Debian's multiarch folder: arm-linux-gnueabihf */
	const char *clang_target;	/* armv7-linux-gnueabihf */
	const char *const *clang_flags; /* explicit CPU flags, NULL-terminated */
	const char *const *gcc_flags;
	const char *debian_arch, *rpm_arch, *alpine_arch;
	const char *wheel_arch; /* armv7l in manylinux_2_17_armv7l; NULL: no wheels */
	const char *machine;	/* uname -m, platform.machine() */
	const char *python_platform; /* _PYTHON_HOST_PLATFORM: linux-armv7l */
	const char *multiarch;	     /* SOABI's tail: cpython-311-<multiarch> */
	const char *rust_triple;
	const char *goarch, *goarm, *goamd64, *goarm64; /* goarm … NULL: never set */
	const char *go386, *goriscv64, *goppc64;
	const char *cmake_processor, *meson_cpu_family, *meson_cpu;
	const char *loader;	    /* file name of ld.so: ld-linux-aarch64.so.1 */
	unsigned char elf_class;    /* ELFCLASS32/64 */
	unsigned short elf_machine; /* EM_… */
	platform_float float_abi;   /* ARM only */
	gboolean builds_wheels;	    /* a sysroot and a toolchain exist */
	gboolean builds_go;
} platform;

/* NULL-name-terminated table, in a fixed order. */
extern const platform platforms[];
const platform *platform_by_name(const char *name); /* canonical name; NULL if none */
const platform *platform_by_wheel_arch(const char *arch);

/* Any accepted spelling (--target): aarch64, arm64, armv7l, arm/v7, linux/arm/v7,
 * GNU and Rust triples …  *note, when not NULL afterwards, is a sentence for the
 * user (new string), e.g. for arm/v8 built as armv7. EXIT_INPUT: X0107 unknown or
 * unsupported, X0108 a contradiction inside the text (arm32v7/v6). Rows that
 * neither `builds_wheels` nor `builds_go` are fine for `env`; a build asks
 * platform_check_wheels. `all` is not for here: platforms_choose. */
const platform *platform_parse(const char *text, char **note, GError **err);

/* Docker's build arguments, as a Dockerfile stage has them; each may be NULL or
 * "". *found FALSE when all are empty. Contradictions are errors that show both
 * (X0108); TARGETARCH=arm without a variant is one too (X0109). */
const platform *platform_from_docker(const char *target_platform, const char *target_os,
	const char *target_arch, const char *target_variant, gboolean *found, char **note,
	GError **err);

/* X0107 with what is supported, unless p builds wheels (or Go binaries). */
gboolean platform_check_wheels(const platform *p, GError **err);
gboolean platform_check_go(const platform *p, GError **err);
