// The token by which the server knows whose requests these are: kept for the tab, told to this server alone.

const place = 'sluice-token';

function stored() {
    try { return sessionStorage.getItem(place) ?? ''; } catch { return ''; }
}

function store(text) {
    try { sessionStorage.setItem(place, text); } catch { /* It lasts as long as the page then. */ }
}

/** A link to the page may bring one. It leaves the address at once: who copies that keeps it to himself. */
function brought() {
    // By hand: for URLSearchParams a plus is a blank, and for the server it is a plus.
    const pairs = location.search.slice(1).split('&'), pair = pairs.find((one) => one.startsWith('token='));
    if (pair === undefined) return '';
    const others = pairs.filter((one) => !one.startsWith('token='));
    const rest = others.length > 0 ? `?${others.join('&')}` : '';
    history.replaceState(null, '', `${location.pathname}${rest}${location.hash}`);
    let text = pair.slice('token='.length);
    try { text = decodeURIComponent(text); } catch { /* The server will say what it thinks of it. */ }
    store(text);
    return text;
}

let text = brought() || stored();

export const token = {
    isWanted: false,  // whether the server has asked for one, or for another one
    isRefused: false,  // whether it was told one that it does not take

    set(value) {
        text = value.trim();
        store(text);
        this.isWanted = false;
    },

    /** What every request says. */
    get headers() { return text === '' ? {} : { Authorization: `Bearer ${text}` }; },

    /**
     * Has a link work, which cannot say fields. The token stands in its address while it is followed and not a moment
     * longer: who copies the address, or looks at it, gets it without.
     */
    lend(link) {
        if (text === '') return;
        const bare = link.href;
        link.href = `${bare}?token=${encodeURIComponent(text)}`;
        setTimeout(() => { link.href = bare; });
    },

    /** Learns from an answer whether the server is content. */
    judge(ok, status, code) {
        if (ok) this.isWanted = false;
        else if (status === 401 && code !== null && code !== 'refused-by-application') {
            this.isWanted = true;
            this.isRefused = text !== '';
        }
    },
};
