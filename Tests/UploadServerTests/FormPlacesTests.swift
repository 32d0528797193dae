import Testing

@testable import UploadServer

@Suite struct FormPlacesTests {
    @Test func `as many files of forms wait as have places, and one that goes gives its place back`() throws {
        let places = FormPlaces()
        var taken = (0..<ServerLimits.formPlacesMax).compactMap { _ in places.take() }
        #expect(taken.count == ServerLimits.formPlacesMax)
        #expect(places.take() == nil)
        taken.removeLast()
        let last = try #require(places.take())
        #expect(places.take() == nil)
        withExtendedLifetime((taken, last)) {}
    }
}
