internal import Events
internal import LinuxSystem
internal import TLS

extension ServerConfiguration {
    /// Looks at a configuration as a start does, and starts nothing: reads the files that it names, opens no listener
    /// and no data directory. May block.
    ///
    /// - Parameter openFilesLimit: so many files a process may open.
    /// - Returns: what a start would warn of, as far as it can be known without the data directory.
    /// - Throws: all that a start would end with, a line each.
    public func check(openFilesLimit: Int) throws(ServerErrors) -> [String] {
        var faults: [ServerError] = []
        func noting<Value>(_ look: () throws(ServerError) -> Value?) -> Value? {
            do throws(ServerError) { return try look() } catch {
                faults.append(error)
                return nil
            }
        }
        let places = ListeningPlace.planned(self)
        _ = noting({ () throws(ServerError) -> Void? in try checkOpenFiles(openFilesLimit) })
        let credentials = noting({ () throws(ServerError) in try Credentials.read(self, for: places) })
        _ = noting({ () throws(ServerError) in try deliveryContext() })
        guard faults.isEmpty else { throw ServerErrors(faults) }
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
