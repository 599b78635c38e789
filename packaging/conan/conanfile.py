"""The Conan 2 recipe of npipe: `conan create packaging/conan` builds the checkout
that it lies in. The option `shared` chooses npipe.dll. No Conan has run this recipe yet:
ci/check-packaging looks at its syntax alone."""
import os
import re

from conan import ConanFile
from conan.errors import ConanInvalidConfiguration
from conan.tools.cmake import CMake, CMakeToolchain, cmake_layout
from conan.tools.files import copy, load, rmdir


class Npipe(ConanFile):
    name = "npipe"
    description = "Asynchronous named pipes for Windows"
    license = "MIT"
    package_type = "library"
    settings = "os", "arch", "compiler", "build_type"
    options = {"shared": [True, False]}
    default_options = {"shared": False}

    def set_version(self):
        header = load(self, os.path.join(
            self.recipe_folder, "../../src/include/npipe/version.h"))
        self.version = ".".join(re.findall(
            r"^#define NP_VERSION_[A-Z]+ (\d+)$", header, re.M))

    def export_sources(self):
        top = os.path.join(self.recipe_folder, "../..")
        for pattern in ("CMakeLists.txt", "LICENSE", "cmake/*", "src/*"):
            copy(self, pattern, top, self.export_sources_folder)

    def configure(self):
        self.settings.rm_safe("compiler.cppstd")
        self.settings.rm_safe("compiler.libcxx")

    def validate(self):
        if self.settings.os != "Windows":
            raise ConanInvalidConfiguration("npipe runs on Windows alone")

    def layout(self):
        cmake_layout(self)

    def generate(self):
        toolchain = CMakeToolchain(self)
        toolchain.cache_variables["NPIPE_TESTS"] = False
        toolchain.cache_variables["NPIPE_EXAMPLES"] = False
        toolchain.cache_variables["NPIPE_STATIC"] = not self.options.shared
        toolchain.cache_variables["NPIPE_SHARED"] = bool(self.options.shared)
        toolchain.generate()

    def build(self):
        cmake = CMake(self)
        cmake.configure()
        cmake.build()

    def package(self):
        CMake(self).install()
        copy(self, "LICENSE", self.source_folder,
             os.path.join(self.package_folder, "licenses"))
        # Conan writes these for its users.
        rmdir(self, os.path.join(self.package_folder, "lib", "cmake"))
        rmdir(self, os.path.join(self.package_folder, "lib", "pkgconfig"))
        rmdir(self, os.path.join(self.package_folder, "share"))

    def package_info(self):
        self.cpp_info.set_property("cmake_file_name", "npipe")
        if self.options.shared:
            self.cpp_info.set_property("cmake_target_name", "npipe::shared")
            self.cpp_info.set_property("pkg_config_name", "npipe")
            self.cpp_info.defines = ["NP_SHARED"]
            msvc = str(self.settings.compiler) in ("msvc", "clang")
            self.cpp_info.libs = ["npipe.dll" if msvc else "npipe"]
        else:
            self.cpp_info.set_property("cmake_target_name", "npipe::npipe")
            self.cpp_info.set_property("pkg_config_name", "npipe-static")
            self.cpp_info.libs = ["npipe"]
            self.cpp_info.system_libs = ["ntdll", "advapi32"]
