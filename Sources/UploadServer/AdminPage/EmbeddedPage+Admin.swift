extension EmbeddedPage {
    /// The page of who looks after the server.
    static func admin() -> EmbeddedPage {
        EmbeddedPage(
            document: PackageResources.admin_html,
            files: [
                "base.css": PackageResources.base_css,
                "admin.css": PackageResources.admin_css,
                "lists.css": PackageResources.lists_css,
                "admin.js": PackageResources.admin_js,
                "coming.js": PackageResources.coming_js,
                "ended.js": PackageResources.ended_js,
                "figures.js": PackageResources.figures_js,
                "plot.js": PackageResources.plot_js,
                "telling.js": PackageResources.telling_js,
                "token.js": PackageResources.token_js,
                "watch.js": PackageResources.watch_js,
                "words.js": PackageResources.words_js,
            ],
            formAction: "'none'")
    }
}
