import Testing

@testable import Delivery

@Suite struct PartPlanTests {
    @Test(
        arguments: [
            (0, true), (1, true), (16 << 20, true), ((16 << 20) + 1, false), (1 << 30, false), (160_000 << 20, false),
            ((160_000 << 20) + 1, false), (5 << 40, false),
        ] as [(Int64, Bool)])
    func `parts are equal but for the last, few enough, and all of the file`(length: Int64, isSingle: Bool) {
        let plan = PartPlan(length: length)
        #expect(plan.isSingle == isSingle)
        if isSingle { return }
        #expect(plan.count <= 10_000)
        #expect((1..<plan.count).allSatisfy { plan.size($0) == plan.partBytes })
        #expect((1...plan.partBytes).contains(plan.size(plan.count)))
        #expect(plan.offset(plan.count) + plan.size(plan.count) == length)
    }

    @Test func `parts that were cut in another way are not gone on with`() {
        let plan = PartPlan(length: 40 << 20)
        #expect(plan.fits([:]))
        #expect(plan.fits([1: (16 << 20, "a"), 3: (8 << 20, "b")]))
        #expect(!plan.fits([3: (16 << 20, "a")]))
        #expect(!plan.fits([4: (8 << 20, "a")]))
        #expect(!plan.fits([0: (16 << 20, "a")]))
    }
}
