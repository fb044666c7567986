#pragma once
#include "build/context.h"
#include "build/python_host.h"
#include "format/json.h"

/* What an unpacked source says of how it is built, found by reading it as text
 * (build/data/xorch_scan.py, run by a host Python for its TOML reader and its parser
 * of Python): nothing of the source is executed or imported.
 *
 *	backend, requires, has_build_system	[build-system] of pyproject.toml
 *	requires_python, summary		of [project]
 *	info_…					headers of PKG-INFO
 *	extensions, links, headers		lists of {name, where}
 *	quoted					{name, where}: headers included in quotes
 *						that are not in the source
 *	copies					{name, where}: those in quotes that are
 *						in the source
 *	more_requires				of setup.py
 *	used					name -> file: what its C uses in any case,
 *						of the source itself or of a library,
 *						headers among them
 *	wants					{name, version, where}: libraries, as
 *						pkg-config, CMake, meson or #error
 *						ask for them, at least in that version
 *	programs				{name, where}: cmake … started by setup.py
 *						or a crate's build script
 *	make_check				true: setup.py runs `make check`
 *	rust, rust_version, abi3		Cargo.toml; the version may be that of
 *						its edition, of rust-toolchain.toml or
 *						of its syntax
 *	cargo_built				the Cargo.toml of the extension
 *	rust_nightly				"src/lib.rs asks for #![feature(x)]"
 *	rust_bootstrap				true: rust-toolchain asks for a nightly
 *	maturin_features			of [tool.maturin]
 *	lock_text				Cargo.lock, the one that cargo reads for
 *						it, without crates of tests alone
 *	crate_links				{name, where}: its crates that link a
 *						library of the system
 *	go_module, go_version, go_mains, cgo	go.mod and the .go files
 *	gcc					the file that only gcc compiles for ARM
 *	fortran					the file that asks for a Fortran compiler
 *	nested					one with functions inside functions, as
 *						only gcc compiles them
 *	arm_code				{name, where}: neon, vfpv4, armv8: code
 *						for 32-bit ARM that has more than all
 *	arm_asks				the file that asks for it at run time
 *	prebuilt				list of paths: shared libraries that come
 *						with the source
 *	cxx					{gcc, what, where}: what only the C++
 *						library of that GCC, 11 or newer, has
 *	cpath					true: setup.py looks for headers in CPATH
 *	abi3_said				minor versions of the stable ABI: [9]
 *	abi3_varies				true: setup.py names several, and chooses
 *						by the Python that it runs in
 *	mixed_std				"C++ in C", "C in C++": setup.py gives one
 *						-std to both
 *	downloads				{name, where}: what CPM.cmake would fetch
 *						while it builds; a script that does: name
 *						is where
 *	cmake_presets				{name, value, where}: what CMake's files
 *						take in a cross build without an emulator
 *	tops, warnings				lists of strings
 *
 * The object, to be given back by json_decref. EXIT_INPUT X0980 when it cannot be
 * read. */
json_t *source_facts_read(const build_context *ctx, const host_python *python,
	const char *source, GError **err);
