"""What CMake's FetchContent_Declare and ExternalProject_Add would fetch. A server on this
machine stands in for the web sites of libraries, git's own http-backend for a forge."""
import git_server
import packages
import test_wheels
import xt
from archives import zip_, Member
from server import Server, sha256
from test_backends import MODULE, pyproject
from test_wraps import (archive, build, built_once_more, lock_of, parts_of, project,
                        wraps_of)

TOP = """cmake_minimum_required(VERSION 3.18)
project(tiny VERSION 1.0 LANGUAGES C)
find_package(Python REQUIRED COMPONENTS Interpreter Development.Module)
Python_add_library(tiny MODULE WITH_SOABI tiny.c)
install(TARGETS tiny DESTINATION .)
include(FetchContent)
include(ExternalProject)
"""
LIBRARY = """cmake_minimum_required(VERSION 3.5)
project({name} C)
add_library({name} STATIC {name}.c)
set_target_properties({name} PROPERTIES POSITION_INDEPENDENT_CODE ON)
target_include_directories({name} PUBLIC ${{CMAKE_CURRENT_SOURCE_DIR}})
"""
USES = MODULE.replace("#include <Python.h>\n", "#include <Python.h>\n#include <near.h>\n", 1)
LINKS = "FetchContent_MakeAvailable(near)\ntarget_link_libraries(tiny PRIVATE near)\n"


def files(body, **more):
    out = {"pyproject.toml": pyproject("scikit_build_core.build", ["scikit-build-core"]),
           "CMakeLists.txt": TOP + body, "tiny.c": USES}
    out.update(more)
    return out


def near(more=""):
    return {"near.h": "int near(void);\n",
            "near.c": f"/* {packages.RUN} */ int near(void) {{ return 1; }}\n",
            "CMakeLists.txt": LIBRARY.format(name="near") + more}


def test_archive_with_a_patch_that_fetches_another():
    """All that is declared beside the address holds: two addresses, the first of which is
    dead, a hash that CMake checks itself, a patch step with an empty word and a list. near
    fetches `deep`; what tests want is not asked for, and `never` cannot be had."""
    deep = archive("deep", {"deep.c": "int deep(void) { return 2; }\n",
                            "CMakeLists.txt": LIBRARY.format(name="deep")})
    with Server() as s, xt.scratch() as home:
        base = s.url("")
        s.add("/deep-1.0.tar.gz", deep)
        more = f"""include(FetchContent)
set(DEEP_VERSION 1.0)
FetchContent_Declare(deep URL {base}/deep-${{DEEP_VERSION}}.tar.gz URL_HASH SHA256={sha256(deep)})
FetchContent_MakeAvailable(deep)
if(NOT DEFINED PATCHED)
  include(patched.cmake)
endif()
if(NOT PATCHED STREQUAL "|a;b")
  message(FATAL_ERROR "the patch step was lost: ${{PATCHED}}")
endif()
"""
        data = archive("near", near(more))
        s.add("/near-1.0.tar.gz", data)
        body = f"""
FetchContent_Declare(googletest URL {base}/gtest.zip)
FetchContent_Declare(
  near # the library
  URL {base}/dead/near-${{PROJECT_VERSION}}.tar.gz {base}/near-${{PROJECT_VERSION}}.tar.gz
  URL_HASH SHA256={sha256(data)}
  PATCH_COMMAND ${{CMAKE_COMMAND}} -DONE= "-DTWO=a$<SEMICOLON>b" -P ${{CMAKE_CURRENT_SOURCE_DIR}}/p.cmake
)
if(NEVER)
  FetchContent_Declare(never URL {base}/never.zip URL_HASH SHA256={"0" * 64})
  FetchContent_Declare(../odd URL {base}/odd.zip)
  FetchContent_Declare(blank URL "{base}/a blank.zip")
endif()
""" + LINKS
        script = 'file(WRITE patched.cmake "set(PATCHED [[${ONE}|${TWO}]])\\n")\n'
        path = project(home, files(body, **{"p.cmake": script}))
        result = build(home, path)
        xt.equal(test_wheels.judge(result, imports=False), 1)
        xt.equal(wraps_of(home), ["near-near-1.0.tar.gz", "deep-deep-1.0.tar.gz"])
        xt.equal(s.count("/gtest.zip"), 0)
        for name in ("never", "../odd", "blank"):
            xt.check(f"{name}, which CMake fetches, cannot be had beforehand" in result.err,
                     result)
        wheel = result.json["items"][0]["file"]
        xt.equal([n for n, _ in parts_of(wheel)], ["deep", "near"])
        built_once_more(s, home, wheel, s.count())


def test_archive_without_a_hash():
    """What comes when it is locked is what every later build has. Of two by one name the one
    whose condition holds is taken, though their files are called alike."""
    with Server() as s, xt.scratch() as home:
        data = zip_([Member(f"near-1.0/{n}", t.encode()) for n, t in near().items()])
        s.add("/near.zip", data)
        s.add("/windows/near.zip", zip_([Member("near-1.0/README", b"for Windows")]))
        path = project(home, files(
            f"if(WIN32)\nFetchContent_Declare(Near URL {s.url('/windows/near.zip')})\nelse()\n"
            f"FetchContent_Declare(Near URL {s.url('/near.zip')}?x=1)\nendif()\n"
            "FetchContent_MakeAvailable(Near)\n"
            "target_link_libraries(tiny PRIVATE near)\n"))
        xt.equal(test_wheels.judge(build(home, path), imports=False), 1)
        xt.check(sha256(data) in lock_of(home), lock_of(home))
        xt.equal(wraps_of(home), ["Near-near.zip", "Near-2-near.zip"])


def test_repository_by_its_tag():
    with xt.scratch() as folder, git_server.Server(folder) as g, xt.scratch() as home:
        repo = g.repository("near")
        repo.commit({n: t.encode() for n, t in near().items()}, tag="v1.0")
        path = project(home, files(f"""
set(NEAR_TAG v1.0)
FetchContent_Declare(near GIT_REPOSITORY {repo.url} GIT_TAG ${{NEAR_TAG}} GIT_SHALLOW ON)
FetchContent_Declare(moves GIT_REPOSITORY {repo.url} GIT_TAG main)
""" + LINKS))
        result = build(home, path)
        xt.equal(test_wheels.judge(result, imports=False), 1)
        xt.equal(wraps_of(home), ["near"])
        xt.check("moves, which CMake fetches, cannot be had beforehand" in result.err, result)
        xt.equal(parts_of(result.json["items"][0]["file"]), [("near", repo.last[:12])])
        xt.check(repo.last in lock_of(home) and "revision: v1.0" in lock_of(home),
                 lock_of(home))


def test_external_project():
    """A build of its own, in which CMake is configured anew for the target."""
    with Server() as s, xt.scratch() as home:
        data = archive("near", near("install(TARGETS near DESTINATION lib)\n"
                                    "install(FILES near.h DESTINATION include)\n"))
        s.add("/near-1.0.tar.gz", data)
        path = project(home, files(f"""
set(to ${{CMAKE_CURRENT_BINARY_DIR}}/to)
ExternalProject_Add(outer URL {s.url('/near-1.0.tar.gz')}
  URL_HASH SHA256={sha256(data)} BUILD_BYPRODUCTS ${{to}}/lib/libnear.a
  CMAKE_ARGS -DCMAKE_INSTALL_PREFIX=${{to}} -DCMAKE_POSITION_INDEPENDENT_CODE=ON)
add_dependencies(tiny outer)
target_include_directories(tiny PRIVATE ${{to}}/include)
target_link_libraries(tiny PRIVATE ${{to}}/lib/libnear.a)
"""))
        result = build(home, path)
        xt.equal(test_wheels.judge(result, imports=False), 1)
        xt.equal(wraps_of(home), ["outer-near-1.0.tar.gz"])
        # Where folders are not what they are called, too.
        parts = parts_of(result.json["items"][0]["file"])
        other = build(home, path, "--sandbox", "landlock", "--force", "--replace")
        xt.equal(test_wheels.judge(other, imports=False), 1)
        xt.equal(parts_of(other.json["items"][0]["file"]), parts)


def test_setup_py_that_starts_cmake_while_it_is_asked():
    """Before anything is locked: CMake is configured then too."""
    setup = """import subprocess
from setuptools import Extension, setup
subprocess.check_call(["cmake", "-S", ".", "-B", "made", "-G", "Ninja"])
setup(name="tiny", version="1.0", ext_modules=[Extension("tiny", ["tiny.c"])])
"""
    with xt.scratch() as home:
        path = project(home, {
            "pyproject.toml": pyproject("setuptools.build_meta",
                                        ["setuptools", "cmake", "ninja"]),
            "CMakeLists.txt": "cmake_minimum_required(VERSION 3.18)\nproject(x C)\n",
            "setup.py": setup, "tiny.c": MODULE})
        xt.equal(test_wheels.judge(build(home, path), imports=False), 1)


def test_what_cannot_be_had():
    """It is told before the build, and the build says that it is the network's."""
    with xt.scratch() as folder, git_server.Server(folder) as g, xt.scratch() as home:
        gone = g.repository("near").url.replace("near", "gone")
        path = project(home, files(
            f"FetchContent_Declare(near GIT_REPOSITORY {gone} GIT_TAG v1.0)\n" + LINKS))
        result = build(home, path, code=None)
        xt.check(result.code != 0, result)
        xt.check("near, which CMake fetches, cannot be had beforehand" in result.err, result)
        xt.equal(result.json["items"][0]["class"], "network", result)
        xt.check("wraps:" not in lock_of(home), lock_of(home))


xt.main(globals())
