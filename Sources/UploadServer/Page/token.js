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
    const query = new URLSearchParams(location.search), text = query.get('token');
    if (text === null) return '';
    query.delete('token');
    const rest = query.size > 0 ? `?${query}` : '';
    history.replaceState(null, '', `${location.pathname}${rest}${location.hash}`);
    store(text);
    return text;
}

let text = brought() || stored();

export const token = {
    isWanted: false,  // whether the server has asked for one, or for another one

    set(value) {
        text = value.trim();
        store(text);
        this.isWanted = false;
    },

    /** What every request says. */
    get headers() { return text === '' ? {} : { Authorization: `Bearer ${text}` }; },

    /** The address for a link, which cannot say fields. */
    address(url) { return text === '' ? url : `${url}?token=${encodeURIComponent(text)}`; },

    /** Learns from an answer whether the server is content. */
    judge(ok, status, code) {
        if (ok) this.isWanted = false;
        else if (status === 401 && code !== null) this.isWanted = true;
    },
};
