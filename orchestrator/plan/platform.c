#include "plan/platform.h"
#include <elf.h>
#include <string.h>

#ifndef EM_LOONGARCH
#define EM_LOONGARCH 258
#endif

#define FLAGS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* A row above the baseline of amd64: the code differs, the names do not, and no
 * wheel tag tells it apart. */
#define AMD64(level, go)                                                                 \
	.docker_arch = "amd64", .docker_variant = level, .triple = "x86_64-linux-gnu",   \
	.clang_target = "x86_64-linux-gnu", .debian_arch = "amd64",                      \
	.rpm_arch = "x86_64", .alpine_arch = "x86_64", .machine = "x86_64",              \
	.python_platform = "linux-x86_64", .multiarch = "x86_64-linux-gnu",              \
	.rust_triple = "x86_64-unknown-linux-gnu", .goarch = "amd64", .goamd64 = go,     \
	.cmake_processor = "x86_64", .meson_cpu_family = "x86_64",                       \
	.meson_cpu = "x86_64", .loader = "ld-linux-x86-64.so.2",                         \
	.elf_class = ELFCLASS64, .elf_machine = EM_X86_64, .builds_go = TRUE

#define AMD64_LEVEL(n)                                                                   \
	{                                                                                \
		.name = "x86_64-v" n, .docker = "linux/amd64/v" n,                       \
		.clang_flags = FLAGS("-march=x86-64-v" n),                               \
		.gcc_flags = FLAGS("-march=x86-64-v" n), AMD64("v" n, "v" n)             \
	}

#define ARM64(variant, go)                                                               \
	.docker_arch = "arm64", .docker_variant = variant,                               \
	.triple = "aarch64-linux-gnu", .clang_target = "aarch64-linux-gnu",              \
	.debian_arch = "arm64", .rpm_arch = "aarch64", .alpine_arch = "aarch64",         \
	.machine = "aarch64", .python_platform = "linux-aarch64",                        \
	.multiarch = "aarch64-linux-gnu", .rust_triple = "aarch64-unknown-linux-gnu",    \
	.goarch = "arm64", .goarm64 = go, .cmake_processor = "aarch64",                  \
	.meson_cpu_family = "aarch64", .meson_cpu = "aarch64",                           \
	.loader = "ld-linux-aarch64.so.1", .elf_class = ELFCLASS64,                      \
	.elf_machine = EM_AARCH64, .builds_go = TRUE

/* arm64 above v8: Docker writes v9 where Go wants v9.0 and GCC armv9-a. */
#define ARM64_LEVEL(variant, go, march)                                                  \
	{                                                                                \
		.name = "aarch64-" variant, .docker = "linux/arm64/" variant,            \
		.clang_flags = FLAGS("-march=" march),                                   \
		.gcc_flags = FLAGS("-march=" march), ARM64(variant, go)                  \
	}

#define RISCV64(variant, go)                                                             \
	.docker_arch = "riscv64", .docker_variant = variant,                             \
	.triple = "riscv64-linux-gnu", .clang_target = "riscv64-linux-gnu",              \
	.clang_flags = FLAGS("-march=rv64gc", "-mabi=lp64d"),                            \
	.gcc_flags = FLAGS("-march=rv64gc", "-mabi=lp64d"), .debian_arch = "riscv64",    \
	.rpm_arch = "riscv64", .alpine_arch = "riscv64", .machine = "riscv64",           \
	.python_platform = "linux-riscv64", .multiarch = "riscv64-linux-gnu",            \
	.rust_triple = "riscv64gc-unknown-linux-gnu", .goarch = "riscv64",               \
	.goriscv64 = go, .cmake_processor = "riscv64", .meson_cpu_family = "riscv64",    \
	.meson_cpu = "riscv64", .loader = "ld-linux-riscv64-lp64d.so.1",                 \
	.elf_class = ELFCLASS64, .elf_machine = EM_RISCV, .builds_go = TRUE

#define PPC64LE(variant, cpu)                                                            \
	.docker_arch = "ppc64le", .docker_variant = variant,                             \
	.triple = "powerpc64le-linux-gnu", .clang_target = "powerpc64le-linux-gnu",      \
	.clang_flags = FLAGS("-mcpu=" cpu), .gcc_flags = FLAGS("-mcpu=" cpu),            \
	.debian_arch = "ppc64el", .rpm_arch = "ppc64le", .alpine_arch = "ppc64le",       \
	.machine = "ppc64le", .python_platform = "linux-ppc64le",                        \
	.multiarch = "powerpc64le-linux-gnu",                                            \
	.rust_triple = "powerpc64le-unknown-linux-gnu", .goarch = "ppc64le",             \
	.goppc64 = cpu, .cmake_processor = "ppc64le", .meson_cpu_family = "ppc64",       \
	.meson_cpu = "ppc64le", .loader = "ld64.so.2", .elf_class = ELFCLASS64,          \
	.elf_machine = EM_PPC64, .builds_go = TRUE

/* The first three build wheels. Baselines, each said in full because no
 * compiler's own default can be relied on: Debian's clang takes armhf for v7,
 * the original for ARMv6. */
const platform platforms[] = {
	{.name = "aarch64",
		.docker = "linux/arm64",
		.clang_flags = FLAGS("-march=armv8-a"),
		.gcc_flags = FLAGS("-march=armv8-a"),
		.wheel_arch = "aarch64",
		.builds_wheels = TRUE,
		ARM64("", "v8.0")},
	/* VFPv3-D16 without NEON: Debian's armhf and Rust's armv7 mean the same. */
	{.name = "armv7",
		.docker = "linux/arm/v7",
		.docker_arch = "arm",
		.docker_variant = "v7",
		.triple = "arm-linux-gnueabihf",
		.clang_target = "armv7-linux-gnueabihf",
		.clang_flags =
			FLAGS("-march=armv7-a", "-mfpu=vfpv3-d16", "-mfloat-abi=hard"),
		.gcc_flags =
			FLAGS("-march=armv7-a", "-mfpu=vfpv3-d16", "-mfloat-abi=hard"),
		.debian_arch = "armhf",
		.rpm_arch = "armv7hl",
		.alpine_arch = "armv7",
		.wheel_arch = "armv7l",
		.machine = "armv7l",
		.python_platform = "linux-armv7l",
		.multiarch = "arm-linux-gnueabihf",
		.rust_triple = "armv7-unknown-linux-gnueabihf",
		.goarch = "arm",
		.goarm = "7",
		.cmake_processor = "armv7l",
		.meson_cpu_family = "arm",
		.meson_cpu = "armv7l",
		.loader = "ld-linux-armhf.so.3",
		.elf_class = ELFCLASS32,
		.elf_machine = EM_ARM,
		.float_abi = FLOAT_HARD,
		.builds_wheels = TRUE,
		.builds_go = TRUE},
	{.name = "x86_64",
		.docker = "linux/amd64",
		.clang_flags = FLAGS("-march=x86-64"),
		.gcc_flags = FLAGS("-march=x86-64"),
		.wheel_arch = "x86_64",
		.builds_wheels = TRUE,
		AMD64("", "v1")},
	/* Hard float as on Raspbian; code for it needs an ARMv6 sysroot, because
	 * Debian's armhf start files and libgcc are ARMv7. No wheel tag exists. */
	{.name = "armv6",
		.docker = "linux/arm/v6",
		.docker_arch = "arm",
		.docker_variant = "v6",
		.triple = "arm-linux-gnueabihf",
		.clang_target = "armv6-linux-gnueabihf",
		.clang_flags =
			FLAGS("-march=armv6", "-mfpu=vfpv2", "-mfloat-abi=hard", "-marm"),
		.gcc_flags =
			FLAGS("-march=armv6", "-mfpu=vfp", "-mfloat-abi=hard", "-marm"),
		.rpm_arch = "armv6hl",
		.alpine_arch = "armhf",
		.machine = "armv6l",
		.python_platform = "linux-armv6l",
		.multiarch = "arm-linux-gnueabihf",
		.rust_triple = "arm-unknown-linux-gnueabihf",
		.goarch = "arm",
		.goarm = "6",
		.cmake_processor = "armv6l",
		.meson_cpu_family = "arm",
		.meson_cpu = "armv6l",
		.loader = "ld-linux-armhf.so.3",
		.elf_class = ELFCLASS32,
		.elf_machine = EM_ARM,
		.float_abi = FLOAT_HARD,
		.builds_go = TRUE},
	{.name = "armv5",
		.docker = "linux/arm/v5",
		.docker_arch = "arm",
		.docker_variant = "v5",
		.triple = "arm-linux-gnueabi",
		.clang_target = "armv5te-linux-gnueabi",
		.clang_flags = FLAGS("-march=armv5te", "-mfloat-abi=soft", "-marm"),
		.gcc_flags = FLAGS("-march=armv5te", "-mfloat-abi=soft", "-marm"),
		.debian_arch = "armel",
		.rpm_arch = "armv5tel",
		.machine = "armv5tel",
		.python_platform = "linux-armv5tel",
		.multiarch = "arm-linux-gnueabi",
		.rust_triple = "armv5te-unknown-linux-gnueabi",
		.goarch = "arm",
		.goarm = "5",
		.cmake_processor = "armv5tel",
		.meson_cpu_family = "arm",
		.meson_cpu = "armv5tel",
		.loader = "ld-linux.so.3",
		.elf_class = ELFCLASS32,
		.elf_machine = EM_ARM,
		.float_abi = FLOAT_SOFT,
		.builds_go = TRUE},
	/* SSE2 as Go and Rust take it; the multiarch folder keeps its old name. */
	{.name = "i686",
		.docker = "linux/386",
		.docker_arch = "386",
		.docker_variant = "",
		.triple = "i686-linux-gnu",
		.clang_target = "i686-linux-gnu",
		.clang_flags = FLAGS("-march=i686", "-msse2", "-mfpmath=sse"),
		.gcc_flags = FLAGS("-m32", "-march=i686", "-msse2", "-mfpmath=sse"),
		.debian_arch = "i386",
		.rpm_arch = "i686",
		.alpine_arch = "x86",
		.wheel_arch = "i686",
		.machine = "i686",
		.python_platform = "linux-i686",
		.multiarch = "i386-linux-gnu",
		.rust_triple = "i686-unknown-linux-gnu",
		.goarch = "386",
		.go386 = "sse2",
		.cmake_processor = "i686",
		.meson_cpu_family = "x86",
		.meson_cpu = "i686",
		.loader = "ld-linux.so.2",
		.elf_class = ELFCLASS32,
		.elf_machine = EM_386,
		.builds_go = TRUE},
	{.name = "riscv64",
		.docker = "linux/riscv64",
		.wheel_arch = "riscv64",
		RISCV64("", "rva20u64")},
	{.name = "ppc64le",
		.docker = "linux/ppc64le",
		.wheel_arch = "ppc64le",
		PPC64LE("", "power8")},
	{.name = "s390x",
		.docker = "linux/s390x",
		.docker_arch = "s390x",
		.docker_variant = "",
		.triple = "s390x-linux-gnu",
		.clang_target = "s390x-linux-gnu",
		.clang_flags = FLAGS("-march=z13"),
		.gcc_flags = FLAGS("-march=z13"),
		.debian_arch = "s390x",
		.rpm_arch = "s390x",
		.alpine_arch = "s390x",
		.wheel_arch = "s390x",
		.machine = "s390x",
		.python_platform = "linux-s390x",
		.multiarch = "s390x-linux-gnu",
		.rust_triple = "s390x-unknown-linux-gnu",
		.goarch = "s390x",
		.cmake_processor = "s390x",
		.meson_cpu_family = "s390x",
		.meson_cpu = "s390x",
		.loader = "ld64.so.1",
		.elf_class = ELFCLASS64,
		.elf_machine = EM_S390,
		.builds_go = TRUE},
	{.name = "loong64",
		.docker = "linux/loong64",
		.docker_arch = "loong64",
		.docker_variant = "",
		.triple = "loongarch64-linux-gnu",
		.clang_target = "loongarch64-linux-gnu",
		.clang_flags = FLAGS("-march=loongarch64", "-mabi=lp64d"),
		.gcc_flags = FLAGS("-march=loongarch64", "-mabi=lp64d"),
		.debian_arch = "loong64",
		.rpm_arch = "loongarch64",
		.alpine_arch = "loongarch64",
		.wheel_arch = "loongarch64",
		.machine = "loongarch64",
		.python_platform = "linux-loongarch64",
		.multiarch = "loongarch64-linux-gnu",
		.rust_triple = "loongarch64-unknown-linux-gnu",
		.goarch = "loong64",
		.cmake_processor = "loongarch64",
		.meson_cpu_family = "loongarch64",
		.meson_cpu = "loongarch64",
		.loader = "ld-linux-loongarch-lp64d.so.1",
		.elf_class = ELFCLASS64,
		.elf_machine = EM_LOONGARCH,
		.builds_go = TRUE},
	AMD64_LEVEL("2"),
	AMD64_LEVEL("3"),
	AMD64_LEVEL("4"),
	ARM64_LEVEL("v8.1", "v8.1", "armv8.1-a"),
	ARM64_LEVEL("v8.2", "v8.2", "armv8.2-a"),
	ARM64_LEVEL("v8.3", "v8.3", "armv8.3-a"),
	ARM64_LEVEL("v8.4", "v8.4", "armv8.4-a"),
	ARM64_LEVEL("v8.5", "v8.5", "armv8.5-a"),
	ARM64_LEVEL("v8.6", "v8.6", "armv8.6-a"),
	ARM64_LEVEL("v8.7", "v8.7", "armv8.7-a"),
	ARM64_LEVEL("v8.8", "v8.8", "armv8.8-a"),
	ARM64_LEVEL("v8.9", "v8.9", "armv8.9-a"),
	ARM64_LEVEL("v9", "v9.0", "armv9-a"),
	ARM64_LEVEL("v9.1", "v9.1", "armv9.1-a"),
	ARM64_LEVEL("v9.2", "v9.2", "armv9.2-a"),
	ARM64_LEVEL("v9.3", "v9.3", "armv9.3-a"),
	ARM64_LEVEL("v9.4", "v9.4", "armv9.4-a"),
	ARM64_LEVEL("v9.5", "v9.5", "armv9.5-a"),
	{.name = "riscv64-rva22u64",
		.docker = "linux/riscv64/rva22u64",
		RISCV64("rva22u64", "rva22u64")},
	{.name = "riscv64-rva23u64",
		.docker = "linux/riscv64/rva23u64",
		RISCV64("rva23u64", "rva23u64")},
	{.name = "ppc64le-power9",
		.docker = "linux/ppc64le/power9",
		PPC64LE("power9", "power9")},
	{.name = "ppc64le-power10",
		.docker = "linux/ppc64le/power10",
		PPC64LE("power10", "power10")},
	{.name = NULL},
};

const platform *platform_by_name(const char *name)
{
	for (const platform *p = platforms; p->name; p++)
		if (strcmp(p->name, name) == 0)
			return p;
	return NULL;
}

const platform *platform_by_wheel_arch(const char *arch)
{
	for (const platform *p = platforms; p->name; p++)
		if (p->wheel_arch && strcmp(p->wheel_arch, arch) == 0)
			return p;
	return NULL;
}
