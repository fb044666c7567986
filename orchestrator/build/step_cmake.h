#pragma once
#include "build/step_extras.h"

/* CMake in a wheel's build (scikit-build-core, pybind11, nanobind, a setup.py that
 * calls cmake): a toolchain file of the item's own, which is the cross folder's
 * (build/cross_cmake.h) with the Python paths pinned. Without them FindPython takes
 * the headers of the build machine's Python and says nothing.
 *
 * CMAKE_CROSSCOMPILING_EMULATOR is a program that runs the build's own Python, which
 * FindPython asks through it (CMP0190), and nothing else: a try_run or a generator
 * built for the target ends the build with what to do about it (X0904). */
extern const step_part step_cmake;

/* What a project asks for beside pyproject.toml, `hook` being its own answer: one of
 * scikit-build-core gets cmake and ninja too. It leaves them out where they have no
 * wheel (armv7) or the machine has a make, but they are tools of the build machine and
 * must not depend on either. New vector. */
GStrv step_cmake_requires(const python_project *project, GStrv hook);
