import Testing
import Uploads

@testable import UploadServer

@Suite struct SharedPlacesTests {
    @Test func `all together have so many places, and each owner and upload a share of them`() throws {
        let places = SharedPlaces()
        let shares = try (0...8).map { number in
            number == 0
                ? WatcherShare.upload(try #require(UploadID("0123456789abcdef0123456789abcdef")))
                : .owner(try #require(Owner("owner \(number)")))
        }
        for share in shares.dropLast() {
            for _ in 0..<ServerLimits.ownerWatchersMax { #expect(places.take(share)) }
            #expect(!places.take(share))
        }
        #expect(places.count == ServerLimits.ownersWatchersMax && !places.take(shares[8]))
        places.giveBack(shares[0])
        #expect(places.take(shares[8]) && !places.take(shares[0]))
        for share in shares.dropFirst().dropLast() {
            for _ in 0..<ServerLimits.ownerWatchersMax { places.giveBack(share) }
        }
        #expect(places.count == ServerLimits.ownerWatchersMax && places.take(shares[1]))
    }
}
