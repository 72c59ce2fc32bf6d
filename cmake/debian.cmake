# CPack runs this on what `cmake --install` left: files move to where Debian has them, documents are compressed, and
# the configuration comes to /etc.
function(run)
	execute_process(COMMAND ${ARGV} WORKING_DIRECTORY "${CPACK_TEMPORARY_DIRECTORY}" COMMAND_ERROR_IS_FATAL ANY)
endfunction()

set(tree "${CPACK_TEMPORARY_DIRECTORY}")
set(source "${CPACK_DDNSGATE_SOURCE}")
set(share "${tree}/usr/share")
set(doc "${share}/doc/ddnsgate")

file(REMOVE_RECURSE "${tree}/usr/lib" "${doc}/LICENSE")
file(MAKE_DIRECTORY "${tree}/usr/lib/systemd/system" "${share}/zsh/vendor-completions" "${share}/lintian/overrides" "${tree}/etc/ddnsgate")
# That of the build folder has the prefix that this was configured with.
configure_file("${source}/conf/ddnsgate.service" "${tree}/usr/lib/systemd/system/ddnsgate.service" COPYONLY)
configure_file("${source}/conf/ddnsgate.socket" "${tree}/usr/lib/systemd/system/ddnsgate.socket" COPYONLY)
file(RENAME "${share}/zsh/site-functions/_ddnsgate" "${share}/zsh/vendor-completions/_ddnsgate")
file(REMOVE_RECURSE "${share}/zsh/site-functions")

file(RENAME "${doc}/ddnsgate.cfg" "${tree}/etc/ddnsgate/ddnsgate.cfg")
file(RENAME "${doc}/CHANGELOG.md" "${doc}/changelog")
configure_file("${source}/conf/debian/changelog" "${doc}/changelog.Debian" COPYONLY)
configure_file("${source}/conf/debian/copyright" "${doc}/copyright" COPYONLY)
configure_file("${source}/conf/debian/lintian-overrides" "${share}/lintian/overrides/ddnsgate" COPYONLY)
file(GLOB documents "${doc}/changelog*" "${share}/man/man?/*")
run(gzip -9n ${documents})

run(strip --remove-section=.comment --remove-section=.note usr/sbin/ddnsgate)
run(find . -type d -exec chmod 755 {} +)
run(find . -type f -exec chmod 644 {} +)
run(chmod 755 usr/sbin/ddnsgate)
run(chmod 750 etc/ddnsgate)
run(chmod 640 etc/ddnsgate/ddnsgate.cfg)
run(find . -exec touch -h -d "@$ENV{SOURCE_DATE_EPOCH}" {} +)
