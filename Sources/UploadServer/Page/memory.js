// What the browser remembers of uploads, and which window is sending them now.

import { Limits } from './limits.js';

const prefix = `sluice ${location.pathname} `;
const windows = `sluice-window ${location.pathname} `;
const me = `${Date.now()}.${Math.random()}`;

function parsed(key, text) {
    try {
        const record = JSON.parse(text), { path, url, size, lastModified, offset, hashed, sum, now } = record;
        const numbers = [size, lastModified, offset, hashed, now].every(Number.isSafeInteger);
        const isSound = numbers && typeof path === 'string' && typeof sum === 'string'
            && (url === null || /^files\/[^/?#]+$/.test(url));
        return isSound ? { ...record, id: key.slice(prefix.length) } : null;
    } catch {
        return null;
    }
}

/** Whether another window, which is still there, is at work on it. */
function isElsewhere(record) {
    if (record === null || record.window === me || !record.isBusy) return false;
    try {
        return Date.now() - Number(localStorage.getItem(windows + record.window)) < Limits.absentSeconds * 1000;
    } catch {
        return false;
    }
}

/**
 * One key for each upload, under a name that is drawn: two files are never taken for one because of what they are
 * called. Where storage is full or forbidden, uploads work all the same; they are only not listed after a reload.
 */
export const memory = {
    /** Writes down where an upload is, unless it is cancelled or another window has taken it. */
    save(upload) {
        if (!upload.isCancelled && !isElsewhere(this.read(upload.id))) this.write(upload);
    },

    /** Takes an upload for this window, with what the one before has noted. */
    claim(upload) {
        const latest = this.read(upload.id);
        if (latest !== null && latest.url === upload.url && latest.hashed > upload.hashed) {
            upload.hashed = latest.hashed;
            upload.sum = latest.sum;
        }
        this.write(upload);
    },

    write({ path, url, size, lastModified, offset, hashed, sum, id, active: isBusy }, isDiscarded = false) {
        const now = Date.now();
        const record = { path, url, size, lastModified, offset, hashed, sum, now, isBusy, window: me, isDiscarded };
        try { localStorage.setItem(prefix + id, JSON.stringify(record)); } catch { /* As said above. */ }
    },

    /** Notes that the server is still to be told to remove it. */
    discard(upload) { this.write(upload, true); },

    forget(id) {
        try { localStorage.removeItem(prefix + id); } catch { /* As said above. */ }
    },

    isBusyElsewhere(id) { return isElsewhere(this.read(id)); },

    read(id) {
        try { return parsed(prefix + id, localStorage.getItem(prefix + id)); } catch { return null; }
    },

    /** All records, the newest first; old and surplus ones are dropped on the way. */
    all() {
        let records;
        try {
            records = Object.keys(localStorage).filter((key) => key.startsWith(prefix))
                .map((key) => parsed(key, localStorage.getItem(key))).filter(Boolean);
        } catch {
            return [];
        }
        const oldest = Date.now() - Limits.recordDays * 86400e3;
        records.sort((a, b) => b.now - a.now);
        const kept = new Set(records.filter((record, index) => record.now > oldest && index < Limits.records));
        for (const record of records) if (!kept.has(record)) this.forget(record.id);
        return [...kept];
    },

    /** Tells what other windows write: the record, null once it is forgotten, and whether its window is at work. */
    listen(onRecord) {
        const beat = () => {
            try { localStorage.setItem(windows + me, Date.now()); } catch { /* As said above. */ }
        };
        beat();
        setInterval(beat, Limits.beatSeconds * 1000);
        addEventListener('pageshow', beat);
        addEventListener('pagehide', () => {
            try { localStorage.removeItem(windows + me); } catch { /* As said above. */ }
        });
        addEventListener('storage', ({ key, newValue }) => {
            if (!key?.startsWith(prefix)) return;
            const record = newValue === null ? null : parsed(key, newValue);
            onRecord(key.slice(prefix.length), record, isElsewhere(record));
        });
    },
};

/** A name that nobody else draws. */
export const drawnName = () => Array.from(crypto.getRandomValues(new Uint32Array(4)), (word) => word.toString(36)).join('-');
