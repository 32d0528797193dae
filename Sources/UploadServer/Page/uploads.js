// All uploads of the page, and who is next.

import { Limits } from './limits.js';
import { States } from './states.js';
import { Upload } from './upload.js';
import { areSame } from './digest.js';
import { count, plural } from './words.js';
import { discard } from './discard.js';
import { memory } from './memory.js';

const all = new Map();       // by id, in the order in which they came
const running = new Set();
const paths = new WeakMap();  // of chosen files, within their folders
let onchange = () => {};     // told which upload has changed, and whether its state has

/** How many uploads may be at work: what the browser would only queue tells nothing of the line. */
const requestsMax = ['h2', 'h3'].includes(performance.getEntriesByType('navigation')[0]?.nextHopProtocol)
    ? Limits.requestsShared : Limits.requests;

/** Bytes that an upload may have under way at once, as far as the others have to care. */
const weight = (upload) => Math.min(upload.size, Limits.smallBytes);

const isUnsent = (upload) => upload.state === 'unfinished';

function put(upload) {
    all.set(upload.id, upload);
    upload.onchange = (hasEntered) => {
        if (hasEntered) pump();
        onchange(upload, hasEntered);
    };
    upload.onother = (file) => {
        notes.tell(`“${upload.name}” is another file than the one begun before, and is sent as a new one.`);
        uploads.add([{ file, path: paths.get(file) }]);
    };
    upload.onchange(true);
    return upload;
}

function begin(file, path) {
    const upload = new Upload({ path, size: file.size, lastModified: file.lastModified }, file);
    memory.save(upload);
    put(upload);
}

/** Starts what may start. A waiting upload keeps its place: with the server down, the rest would fare no better. */
function pump() {
    if (running.size >= requestsMax) return;
    let large = [...running].filter((upload) => !upload.isSmall).length;
    let bytes = [...running].reduce((sum, upload) => sum + weight(upload), 0);
    for (const upload of all.values()) {
        if (running.size >= requestsMax) return;
        if (upload.state !== 'queued' || running.has(upload)) continue;
        if (!upload.isSmall && (large += 1) > Limits.large) continue;
        if (running.size >= Limits.requests && bytes + weight(upload) > Limits.sharedBytes) return;
        bytes += weight(upload);
        running.add(upload);
        upload.run().finally(() => {
            running.delete(upload);
            pump();
        });
    }
}

/** Sentences for the person, gathered while files are added. */
const notes = {
    waiting: [],
    tell(words) {
        if (this.waiting.push(words) === 1) setTimeout(() => uploads.onnotes(this.waiting.splice(0)), 0);
    },
};

const key = ({ name, size, lastModified }) => `${size} ${lastModified} ${name}`;

export const uploads = {
    all, running,
    onnotes: () => {},

    set onchange(action) { onchange = action; },

    get values() { return [...all.values()]; },

    in(group) { return this.values.filter((upload) => States[upload.state].group === group); },

    /**
     * Adds chosen files. One that looks like an unfinished upload goes on with that, if its bytes are the same; one
     * that is in the list is compared with that. Names, sizes and dates alone decide nothing.
     */
    async add(picked) {
        const left = new Map(), listed = new Map();
        for (const upload of all.values()) {
            const index = upload.file === null ? left : listed;
            index.set(key(upload), [...index.get(key(upload)) ?? [], upload]);
        }
        let same = 0;
        for (const { file, path } of picked) {
            if (all.size >= Limits.files) {
                notes.tell(`Only the first ${count(Limits.files)} files were taken.`);
                break;
            }
            paths.set(file, path);
            const older = left.get(key(file))?.find((upload) => isUnsent(upload) && !upload.strangers.has(file));
            if (older !== undefined) {
                older.attach(file);
            } else if (await isListed(file, listed.get(key(file)) ?? [])) {
                same += 1;
            } else {
                this.replaceChanged(path);
                begin(file, path);
            }
        }
        if (same > 0) notes.tell(`${plural(same, 'file')} of these ${same === 1 ? 'is' : 'are'} in the list already.`);
    },

    /** A file that was changed after it was chosen, and is chosen again, is not two. */
    replaceChanged(path) {
        const changed = this.in('failed').find((upload) => upload.state === 'changed' && upload.path === path);
        if (changed) this.remove(changed);
    },

    remove(upload) {
        upload.cancel();
        all.delete(upload.id);
        onchange(upload, true);
    },

    /** Lists what was left unfinished, then asks the server how far that is. */
    async restore() {
        for (const record of memory.all()) {
            if (record.isDiscarded) discard(record);
            else this.meet(record, memory.isBusyElsewhere(record.id));
        }
        memory.listen((id, record, isElsewhere) => this.heard(id, record, isElsewhere));
        for (const upload of this.in('left').slice(0, Limits.looks)) {
            if (!isUnsent(upload) || upload.isElsewhere) continue;
            try {
                await upload.look();
            } catch ({ kind }) {
                if (kind !== 'gone') return;
                if (isUnsent(upload)) upload.beginAnew();
            }
        }
    },

    /** What another window has written down about an upload. */
    heard(id, record, isElsewhere) {
        const upload = all.get(id);
        const isIdle = ['unfinished', 'superseded'].includes(upload?.state);
        if (upload === undefined) {
            if (record !== null && !record.isDiscarded) this.meet(record, isElsewhere);
        } else if (record === null || record.isDiscarded) {
            if (isIdle) this.lookOrDrop(upload);
        } else if (upload.active && isElsewhere) {
            upload.giveWay();
        } else if (isIdle) {
            upload.recall(record, isElsewhere);
        }
    },

    /** Lists an upload of another time or window, unless it only waits there for its turn. */
    meet(record, isElsewhere) {
        if (isElsewhere && record.url === null) return;
        const upload = new Upload(record);
        upload.isElsewhere = isElsewhere;
        put(upload);
    },

    /** The other window has finished it, or has thrown it away: nothing is left to do about it here. */
    async lookOrDrop(upload) {
        await upload.look().catch(() => {});
        if (upload.state === 'finished') return;
        all.delete(upload.id);
        onchange(upload, true);
    },
};

async function isListed(file, known) {
    for (const upload of known) {
        if (await areSame(upload.file, file).catch(() => false)) return true;
    }
    return false;
}
