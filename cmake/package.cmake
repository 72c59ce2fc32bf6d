# `cpack` in a release build makes ddnsgate_VERSION-REVISION_ARCHITECTURE.deb. The same sources and the same compiler
# give the same octets. conf/debian/ has what belongs to Debian alone.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME ddnsgate)
set(CPACK_PACKAGE_VERSION "${PROJECT_VERSION}")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
	OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_MAINTAINER "The ddnsgate authors <ddnsgate@example.org>")
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_DEPENDS adduser)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "bind9 | knot, curl")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "dynamic DNS gateway in front of BIND, Knot or another primary")
list(JOIN DDNSGATE_TESTED_LIBMICROHTTPD " and " tested_libmicrohttpd)
set(CPACK_PACKAGE_DESCRIPTION "Takes address updates from routers, scripts and dynamic DNS clients over HTTP,
checks the user's API key, and sends them to the name servers that are already
there as TSIG-signed DNS UPDATE messages (RFC 2136, RFC 8945).
.
A request is answered with OK once the primary has committed it. Requests that
come at the same time share one UPDATE message.
.
Tested on Debian ${DDNSGATE_TESTED_DEBIAN}, with libmicrohttpd ${tested_libmicrohttpd},
${DDNSGATE_TESTED_PRIMARIES}.")
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
	"${PROJECT_SOURCE_DIR}/conf/debian/conffiles"
	"${PROJECT_SOURCE_DIR}/conf/debian/postinst"
	"${PROJECT_SOURCE_DIR}/conf/debian/prerm"
	"${PROJECT_SOURCE_DIR}/conf/debian/postrm")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION TRUE)

# The one runs on the folder that is about to be packed, the other on the package.
set(CPACK_PRE_BUILD_SCRIPTS "${PROJECT_SOURCE_DIR}/cmake/debian.cmake")
set(CPACK_POST_BUILD_SCRIPTS "${PROJECT_SOURCE_DIR}/cmake/debian-size.cmake")
set(CPACK_DDNSGATE_SOURCE "${PROJECT_SOURCE_DIR}")
set(CPACK_PROJECT_CONFIG_FILE "${PROJECT_SOURCE_DIR}/cmake/epoch.cmake")
include(CPack)
