# What `cmake --install` puts in place beside the binary: manuals, the service, completions, documents and the sample
# configuration. It writes nothing below /etc.
install(FILES docs/ddnsgate.8 DESTINATION "${CMAKE_INSTALL_MANDIR}/man8")
install(FILES docs/ddnsgate.cfg.5 DESTINATION "${CMAKE_INSTALL_MANDIR}/man5")
install(FILES LICENSE README.md CHANGELOG.md conf/ddnsgate.cfg DESTINATION "${CMAKE_INSTALL_DOCDIR}")
install(FILES docs/GUIDE.md docs/CLIENTS.md docs/PROXIES.md DESTINATION "${CMAKE_INSTALL_DOCDIR}/docs")
install(FILES conf/grafana/ddnsgate.json DESTINATION "${CMAKE_INSTALL_DOCDIR}/grafana")

# The unit in the tree is that of the package; only the place of the program differs.
file(READ conf/ddnsgate.service unit)
string(REPLACE "/usr/sbin/" "${CMAKE_INSTALL_FULL_SBINDIR}/" unit "${unit}")
file(CONFIGURE OUTPUT ddnsgate.service CONTENT "${unit}" @ONLY NEWLINE_STYLE UNIX)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS conf/ddnsgate.service)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/ddnsgate.service" conf/ddnsgate.socket DESTINATION lib/systemd/system)

set(completions "${CMAKE_INSTALL_DATADIR}")
install(FILES conf/completions/ddnsgate.bash DESTINATION "${completions}/bash-completion/completions" RENAME ddnsgate)
install(FILES conf/completions/ddnsgate.zsh DESTINATION "${completions}/zsh/site-functions" RENAME _ddnsgate)
install(FILES conf/completions/ddnsgate.fish DESTINATION "${completions}/fish/vendor_completions.d")
