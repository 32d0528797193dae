// The last uploads that came to their ends.

import { bytes } from './words.js';
import { arrange, clock, element, made, moment, setText } from './telling.js';

const kept = 100;           // of each kind
const Kinds = {
    finished: { mark: '✓', word: 'Finished', tone: 'good', group: 'finished' },
    failed: { mark: '✕', word: 'Failed', tone: 'bad', group: 'failed' },
    expired: { mark: '…', word: 'Expired', tone: 'warn', group: 'failed' },
    deleted: { mark: '−', word: 'Removed', tone: 'quiet', group: 'removed' },
};
/** Of a finished file that is to be brought elsewhere. */
const Ways = {
    waiting: { word: () => 'waits to be delivered', tone: 'plain' },
    sending: { word: (share) => `${Math.floor(share * 100)} % delivered`, tone: 'going' },
    delivered: { word: () => 'delivered', tone: 'good' },
    'given-up': { word: () => 'not delivered', tone: 'bad' },
};
const ends = new Map();      // by id
const endRows = new Map();
let group = 'all', isStale = true;

class EndRow {
    constructor(end) {
        this.node = made('ended-row');
        const part = (selector) => this.node.querySelector(selector), { upload, kind, time } = end;
        const { mark, word, tone } = Kinds[kind], name = part('bdi'), when = part('time');
        [this.end, this.badge] = [end, part('.badge')];
        this.node.classList.add(tone);
        this.node.dataset.kind = kind;
        [part('.mark').textContent, part('.mark').title] = [mark, word];
        part('.mark').setAttribute('role', 'img');
        part('.mark').setAttribute('aria-label', word);
        name.textContent = upload.file?.path.split('/').at(-1) ?? upload.name;
        name.title = [name.textContent, upload.id, upload.file?.path, upload.file?.digest].filter(Boolean).join('\n');
        part('.owner').textContent = part('.owner').title = upload.owner ?? '';
        const size = upload.file?.size ?? upload.size;
        part('.size').textContent = kind === 'finished' || kind === 'deleted' && upload.file ? bytes(size)
            : size === null ? `${word.toLowerCase()} at ${bytes(upload.offset)}`
            : `${word.toLowerCase()} at ${bytes(upload.offset)} of ${bytes(size)}`;
        when.dateTime = new Date(time).toISOString();
        when.textContent = Date.now() - time < 86400e3 ? clock(time) : moment(time);
        when.title = moment(time);
        this.render();
    }

    /** How far its file is: that moves while the row stands. */
    render() {
        const { upload, kind, carried } = this.end, way = kind === 'finished' && upload.delivery;
        this.badge.hidden = !way;
        if (!way) return;
        const state = carried !== undefined && way.state === 'waiting' ? 'sending' : way.state;
        const size = upload.file?.size ?? 0, sent = carried ?? way.carried ?? 0;
        const { word, tone } = Ways[state] ?? { word: () => state, tone: 'plain' };
        setText(this.badge, word(size > 0 ? Math.min(1, sent / size) : 0));
        this.badge.className = `badge ${tone}`;
        const place = way.path ?? (way.bucket !== null ? `s3://${way.bucket}/${way.key}` : null);
        this.badge.title = place !== null ? `${place}\nsince ${moment(Date.parse(way.since))}`
            : state === 'given-up' ? 'The file was taken away or changed here before it was delivered.'
            : `since ${moment(Date.parse(way.since))}`;
    }
}

const byTime = (a, b) => b.time - a.time;

/** Lets go of what is older than the last of each kind. */
function trim() {
    if (ends.size < kept * 4) return;
    for (const name of ['finished', 'failed', 'removed']) {
        const own = [...ends.values()].filter((end) => Kinds[end.kind].group === name).sort(byTime);
        for (const end of own.slice(kept)) ends.delete(end.upload.id);
    }
}

export const ended = {
    open() {
        const buttons = [...document.querySelectorAll('.choice button')];
        for (const button of buttons) {
            button.onclick = () => {
                group = button.dataset.kind;
                for (const other of buttons) other.setAttribute('aria-pressed', other === button);
                isStale = true;
                this.show();
            };
        }
    },

    take(kind, upload, time) {
        ends.delete(upload.id);
        ends.set(upload.id, { kind, upload, time });
        isStale = true;
        trim();
    },

    /** Whether files are shown that are not delivered yet. */
    get hasWaiting() {
        return [...ends.values()].some(({ upload, kind }) => kind === 'finished'
            && ['waiting', 'sending'].includes(upload.delivery?.state));
    },

    /** What is being brought at this moment: ids and bytes. */
    carry(sending) {
        const now = new Map(sending.map(({ id, carried }) => [id, carried]));
        for (const end of ends.values()) end.carried = now.get(end.upload.id);
        for (const row of endRows.values()) row.render();
    },

    /** What a list says of uploads that ended before the page was there, and of the way of their files. */
    recall(upload) {
        const known = ends.get(upload.id);
        if (known?.kind === 'finished' && known.upload.delivery && upload.delivery
            && known.upload.file?.finished === upload.file?.finished) {
            known.upload.delivery = upload.delivery;
        }
        if (known !== undefined || Kinds[upload.state] === undefined) return;
        this.take(upload.state, upload, Date.parse(upload.file?.finished ?? upload.created));
    },

    show() {
        if (!isStale) return;
        isStale = false;
        const shown = [...ends.values()].filter((end) => group === 'all' || Kinds[end.kind].group === group)
            .sort(byTime).slice(0, kept);
        arrange(element('ended'), endRows, shown, (end) => new EndRow(end));
        element('ended-none').hidden = shown.length > 0;
    },
};
