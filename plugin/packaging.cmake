# cpack -G DEB: a Debian package for the Wireshark that the plugin was built against.
#
# A plugin loads into one Wireshark line only. libwireshark's SONAME, and with it the name of its Debian package, changes
# with the line; so the dependency that dpkg-shlibdeps finds ties the package to it. The line stands in the version
# too: packages for two lines have two names, and the one for the newer line is the newer package.

set(_line ${Wireshark_MAJOR_VERSION}.${Wireshark_MINOR_VERSION})

set(CPACK_PACKAGE_NAME wireshark-plugin-d2dsec)
set(CPACK_PACKAGE_VENDOR d2dsec)
set(CPACK_PACKAGE_CONTACT "d2dsec maintainers <maintainers@d2dsec.invalid>" CACHE STRING "Maintainer of the packages")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "SRTP and SRTCP decryption for Wireshark")
set(CPACK_PACKAGE_DESCRIPTION
"Dissector plugin for Wireshark and TShark. It decodes the SDES keys that SIP
calls carry in their SDP (RFC 4568), or takes keys from a key log, and with them
authenticates and decrypts the SRTP and SRTCP of the capture. Wireshark's own
RTP and RTCP tools then work on the plaintext. The command d2dsec-verify reports
whether the keys explain all of the traffic.
.
This package is for Wireshark ${_line}.")

set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS    # whatever the umask
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1+ws${_line})
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "python3 (>= 3.11)")    # d2dsec-verify; what the plugin is linked to is added
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS tshark)
set(CPACK_DEBIAN_PACKAGE_ENHANCES "wireshark, tshark")
set(CPACK_GENERATOR DEB)

install(FILES ${PROJECT_SOURCE_DIR}/README.md
        DESTINATION share/doc/${CPACK_PACKAGE_NAME})

include(CPack)
