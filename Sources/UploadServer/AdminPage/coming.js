// What is coming in: an upload each with a bar, bytes and a rate.

import { bytes, count, duration, plural } from './words.js';
import { arrange, element, made, setBar, setText } from './telling.js';

const rowsMax = 60;
const rateSeconds = 6;      // a rate is that of so long
const stallSeconds = 4;     // without bytes for so long it stands still, ...
const leaveSeconds = 60;    // ... and then nobody sends it any more
const all = new Map();      // by id, in the order in which they were seen
const rows = new Map();
let onCancel = () => {};

class Coming {
    points = [];

    constructor(id) { this.id = id; }

    /** What the server says of it. */
    take(upload) {
        Object.assign(this, { name: upload.name, owner: upload.owner, size: upload.size, dialect: upload.dialect });
        const received = Math.max(upload.received ?? 0, upload.offset), time = performance.now();
        // Begun anew.
        if (received < this.received) this.points = [];
        if (received !== this.received) this.moved = time;
        this.received = received;
        this.points.push({ received, time });
        while (this.points.length > 2 && time - this.points[1].time > rateSeconds * 1000) this.points.shift();
    }

    get isStill() { return performance.now() - this.moved > stallSeconds * 1000; }

    get hasLeft() { return performance.now() - this.moved > leaveSeconds * 1000; }

    /** Bytes a second. */
    get rate() {
        const [first, end] = [this.points[0], this.points.at(-1)];
        if (this.isStill || end.time - first.time < 300) return 0;
        return (end.received - first.received) / (end.time - first.time) * 1000;
    }
}

class Row {
    constructor(upload) {
        this.upload = upload;
        this.node = made('coming-row');
        const part = (selector) => this.node.querySelector(selector);
        [this.name, this.owner, this.bar] = [part('bdi'), part('.owner'), part('.bar')];
        [this.numbers, this.rate, this.button] = [part('.numbers'), part('.rate'), part('.cancel')];
        this.button.onclick = () => onCancel(upload);
    }

    render() {
        const { upload } = this, { size, received, rate, isStill } = upload;
        setText(this.name, upload.name);
        this.name.title = `${upload.name}\n${upload.id} (${upload.dialect})`;
        setText(this.owner, upload.owner ?? '');
        this.owner.title = upload.owner ?? '';
        this.button.setAttribute('aria-label', `Cancel ${upload.name}`);
        this.button.disabled = upload.isLeaving === true;
        const share = size === null ? null : size === 0 ? 1 : received / size;
        const numbers = size === null ? `${bytes(received)}, size not known yet` : `${bytes(received)} of ${bytes(size)}`;
        const left = size !== null && rate > 1 && size > received ? `${duration((size - received) / rate)} left` : '';
        setText(this.numbers, share === null ? numbers : `${Math.floor(share * 100)} % · ${numbers}`);
        const pace = [`${bytes(Math.round(rate))}/s`, left].filter((words) => words !== '').join(' · ');
        setText(this.rate, upload.isLeaving ? 'being removed' : isStill ? 'no bytes at the moment' : rate < 1 ? '' : pace);
        this.node.classList.toggle('still', isStill);
        this.node.classList.toggle('open-ended', share === null);
        setBar(this.bar, share ?? 0, numbers);
        this.bar.setAttribute('aria-label', upload.name);
    }
}

export const coming = {
    /** @param cancel told the upload that is to be cancelled */
    open(cancel) { onCancel = cancel; },

    take(upload) {
        let known = all.get(upload.id);
        if (known === undefined) all.set(upload.id, known = new Coming(upload.id));
        known.take(upload);
    },

    leave(id) { all.delete(id); },

    /** How many send. */
    get count() { return [...all.values()].filter((upload) => !upload.isStill).length; },

    show() {
        for (const upload of all.values()) if (upload.hasLeft) all.delete(upload.id);
        const shown = [...all.values()].slice(0, rowsMax), focus = document.activeElement;
        const held = [...rows].find(([, row]) => row.button === focus)?.[0];
        const after = held && [...rows.keys()][[...rows.keys()].indexOf(held) + 1];
        arrange(element('coming'), rows, shown, (upload) => new Row(upload));
        for (const row of rows.values()) row.render();
        // A row that ends under somebody's fingers hands the focus on.
        if (held && !rows.has(held)) rows.get(after)?.button.focus();
        const total = [...all.values()].reduce((sum, upload) => sum + upload.rate, 0);
        element('coming-none').hidden = all.size > 0;
        setText(element('coming-sum'), all.size === 0 ? '' : `${plural(all.size, 'upload')} · ${bytes(Math.round(total))}/s`);
        element('coming-rest').hidden = all.size <= rowsMax;
        setText(element('coming-rest'), `and ${count(all.size - rowsMax)} more`);
    },
};
