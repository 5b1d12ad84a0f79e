# The Debian package: `./dev package`, or `cpack` in a build folder. It has the program, its unit, its configuration, a
# ruleset, and the reference; not the libraries, which are components of their own.

set(documents docs/reference/command-line.md docs/reference/configuration.md docs/reference/protocol.md
    docs/reference/ruleset.md docs/reference/security.md)
set(packaging ${CMAKE_SOURCE_DIR}/packaging)

install(TARGETS tallyho RUNTIME DESTINATION bin COMPONENT server)
install(FILES ${packaging}/tallyho.service DESTINATION /usr/lib/systemd/system COMPONENT server)
install(FILES ${packaging}/tallyho.yaml DESTINATION /etc/tallyho COMPONENT server)
install(FILES rulesets/treasure-hunt.yaml DESTINATION share/tallyho COMPONENT server)
install(FILES ${documents} DESTINATION share/doc/tallyho COMPONENT server)
install(FILES LICENSE DESTINATION share/doc/tallyho RENAME copyright COMPONENT server)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_COMPONENTS_ALL server)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_STRIP_FILES ON)
set(CPACK_PACKAGE_NAME tallyho)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_CONTACT "The Tallyho authors")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "Live scoring and exact leaderboards")
set(CPACK_COMPONENT_SERVER_DESCRIPTION
    "Events over WebSocket or HTTP, rules in CEL, exact ranks pushed to whoever watches.")
set(CPACK_DEBIAN_PACKAGE_MAINTAINER "The Tallyho authors")
set(CPACK_DEBIAN_SERVER_PACKAGE_NAME tallyho)
set(CPACK_DEBIAN_SERVER_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_SERVER_PACKAGE_SECTION net)
set(CPACK_DEBIAN_SERVER_PACKAGE_DEPENDS "adduser, tzdata, ca-certificates")
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_SERVER_PACKAGE_CONTROL_EXTRA ${packaging}/postinst ${packaging}/prerm ${packaging}/postrm
    ${packaging}/conffiles)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
include(CPack)
