internal import Synchronization

/// How many files of forms wait for the ends of their forms: each is held in memory until then, in forms of whatever
/// client. From any thread.
final class FormPlaces: Sendable {
    /// One of them; given back when it goes.
    final class Place: Sendable {
        private let places: FormPlaces

        fileprivate init(_ places: FormPlaces) { self.places = places }

        deinit { places.taken.subtract(1, ordering: .relaxed) }
    }

    private let taken = Atomic<Int>(0)

    /// Nil where there are as many as may be (`ServerLimits.formPlacesMax`).
    func take() -> Place? {
        if taken.add(1, ordering: .relaxed).newValue <= ServerLimits.formPlacesMax { return Place(self) }
        taken.subtract(1, ordering: .relaxed)
        return nil
    }
}
