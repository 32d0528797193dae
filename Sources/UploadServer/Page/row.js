// One upload as seen.

import { States } from './states.js';
import { bytes, count, duration, plural, speed } from './words.js';
import { token } from './token.js';

export const element = (id) => document.getElementById(id);

export function setText(node, text) {
    if (node.textContent !== text) node.textContent = text;
}

export function setBar(bar, done, size, text) {
    bar.firstElementChild.style.transform = `scaleX(${size === 0 ? 0 : done / size})`;
    bar.setAttribute('aria-valuenow', size === 0 ? 0 : Math.floor(100 * done / size));
    bar.setAttribute('aria-valuetext', text);
}

/** Builds its row once, then only changes what differs. */
export class Row {
    constructor(upload, act) {
        this.upload = upload;
        this.node = element('row').content.cloneNode(true).firstElementChild;
        const part = (selector) => this.node.querySelector(selector);
        [this.bar, this.words, this.numbers] = [part('.bar'), part('.words'), part('.numbers')];
        [this.link, this.folder] = [part('.link'), part('small')];
        this.buttons = { again: part('.again'), toggle: part('.toggle'), remove: part('.remove') };
        for (const [role, button] of Object.entries(this.buttons)) button.onclick = () => act(upload, role);
        part('strong').textContent = upload.name;
        this.link.setAttribute('aria-label', `Download ${upload.name}`);
        this.link.download = upload.name;
        this.link.onclick = () => token.lend(this.link);
        this.bar.setAttribute('aria-label', upload.name);
        this.render();
    }

    /** @param isFetchable whether finished files can be downloaded here */
    render(isFetchable = false) {
        const { upload, node, buttons } = this, state = States[upload.state];
        node.dataset.state = upload.state;
        const isDone = upload.state === 'finished', isBrief = this.#isBrief();
        const marks = [isBrief ? 'brief' : '', upload.state === 'sending' && !isBrief ? 'moving' : ''];
        node.className = ['upload', state.tone ?? '', ...marks].join(' ');
        this.folder.hidden = upload.path === upload.name;
        if (!this.folder.hidden) setText(this.folder, `in ${upload.path.slice(0, -upload.name.length - 1)}`);
        const words = this.#words(state), numbers = this.#numbers();
        setText(this.words, words);
        setText(this.numbers, numbers);
        this.numbers.title = `${count(upload.offset)} of ${plural(upload.size, 'byte')}`;
        setBar(this.bar, isDone ? 1 : upload.offset, isDone ? 1 : upload.size, `${numbers}, ${words}`);
        this.bar.hidden = isBrief || upload.offset === 0 && !['asking', 'sending'].includes(upload.state);
        this.#label(buttons.again, state.again);
        this.#label(buttons.toggle, upload.state === 'unfinished' ? this.#next() : state.toggle);
        this.#label(buttons.remove, upload.isElsewhere ? 'Clear' : state.remove ?? 'Cancel');
        this.link.hidden = !isDone || !isFetchable || upload.url === null;
        if (!this.link.hidden) this.#address(upload.url);
    }

    /** Not while somebody follows it. */
    #address(url) {
        if (this.link.dataset.address === url) return;
        this.link.dataset.address = url;
        this.link.href = url;
    }

    /** What is done, or waits, or will be done in a moment, takes one line. */
    #isBrief() {
        const { state, isSmall } = this.upload;
        return ['finished', 'queued'].includes(state) || isSmall && ['asking', 'sending'].includes(state);
    }

    /** Moves the focus to a button that is there, after the one that had it has gone. */
    focus(role) {
        const { again, toggle, remove } = this.buttons;
        [this.buttons[role], toggle, remove, again].find((button) => button && !button.hidden)?.focus();
    }

    #next() { return this.upload.isElsewhere ? undefined : 'Choose file'; }

    #label(button, word) {
        button.hidden = word === undefined;
        if (word === undefined || button.textContent === word) return;
        button.textContent = word;
        button.setAttribute('aria-label', `${word}: ${this.upload.name}`);
    }

    #words(state) {
        const { upload } = this;
        if (upload.state === 'unfinished') {
            if (upload.isElsewhere) return 'Another window is sending it.';
            return upload.offset > 0 ? 'Choose the same file to go on.' : 'Nothing of it is stored. Choose it again.';
        }
        const words = upload.words || state.words;
        if (upload.state === 'comparing') {
            return `${words}: ${bytes(upload.digest.position)} of ${bytes(upload.hashed)}`;
        }
        if (upload.state !== 'waiting') return words;
        const seconds = Math.ceil((upload.retryAt - Date.now()) / 1000);
        return seconds > 0 ? `${words} Trying again in ${duration(seconds)}.` : `${words} Trying again now.`;
    }

    #numbers() {
        const { upload } = this, { offset, size } = upload;
        if (this.#isBrief() || offset === 0 && upload.state !== 'sending') return bytes(size);
        const rate = upload.state === 'sending' ? upload.rate.bytesPerSecond : 0;
        return [`${bytes(offset)} of ${bytes(size)} stored`, ...speed(rate, size - offset)].join(' · ');
    }
}
