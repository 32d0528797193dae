internal import Events
internal import LinuxSystem
internal import TLS

extension ServerConfiguration {
    /// Looks at a configuration as a start does, and starts nothing: reads the files that it names, opens no listener
    /// and no data directory. May block.
    ///
    /// - Parameter openFilesLimit: so many files a process may open.
    /// - Returns: what a start would warn of, as far as it can be known without the data directory.
    /// - Throws: what a start would end with.
    public func check(openFilesLimit: Int) throws(ServerError) -> [String] {
        try checkOpenFiles(openFilesLimit)
        let places = ListeningPlace.planned(self)
        let credentials = try Credentials.read(self, for: places)
        _ = try deliveryContext()
        return StartCheck(
            configuration: self, places: places, credentials: credentials, store: nil, openFilesLimit: openFilesLimit
        ).warnings
    }

    /// What targets of events are asked by over https; nil where none is.
    func deliveryContext() throws(ServerError) -> TLSContext? {
        do throws(TLSError) { return try EventDeliverer.context(delivery) } catch {
            throw .configuration("--webhook-ca: \(error)")
        }
    }

    /// - Throws: where a process that may open so few files cannot serve anybody.
    public func checkOpenFiles(_ limit: Int) throws(ServerError) {
        guard limit < ServerConfiguration.openFilesMin else { return }
        throw .system(
            """
            a process may open \(limit) files here, the server needs \(ServerConfiguration.openFilesMin): raise the \
            limit (ulimit -n, LimitNOFILE=)
            """)
    }
}
