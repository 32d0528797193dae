import Testing

@testable import Delivery

@Suite struct BucketKeysTests {
    private static let file = """
        # keys
        [default]
        aws_access_key_id = one
        aws_secret_access_key=two/+=
        region = x
        [profile other]
          aws_access_key_id = three
          aws_secret_access_key = four
          aws_session_token = five
        [half]
        aws_access_key_id = six
        [twice]
        aws_access_key_id = a
        aws_access_key_id = b
        aws_secret_access_key = c
        """

    @Test(arguments: [
        ("default", BucketKeys(access: "one", secret: "two/+=")),
        ("other", BucketKeys(access: "three", secret: "four", token: "five")),
        ("half", nil), ("twice", nil), ("none", nil),
    ])
    func `a profile's keys are read as Amazon's programs do`(profile: String, keys: BucketKeys?) {
        #expect(BucketKeys(file: BucketKeysTests.file, profile: profile) == keys)
    }

    @Test func `keys come from the environment, and are no keys where no field can hold them`() {
        let keys = BucketKeys(environment: ["AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"])
        #expect(keys == BucketKeys(access: "a", secret: "b"))
        #expect(BucketKeys(environment: ["AWS_ACCESS_KEY_ID": "a"]) == nil)
        #expect(BucketKeys(access: "a\r\nb", secret: "c") == nil)
    }
}
