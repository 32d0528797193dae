// One file on its way.

import { Limits } from './limits.js';
import { Failure } from './failure.js';
import { FileDigest, isReadable } from './digest.js';
import { RateMeter } from './pace.js';
import { States } from './states.js';
import { drawnName, memory } from './memory.js';
import { discard } from './discard.js';
import { server } from './server.js';
import { transfer } from './transfer.js';

/** Knows the server and the memory, not the page: `onchange` is told after every change. */
export class Upload {
    state = 'queued';
    words = '';              // replaces the state's own words
    file = null;
    digest = null;           // of `file`
    rate = new RateMeter();
    retryAt = 0;             // ms since the epoch, in state waiting
    needs = null;            // 'login' or 'token', while it waits for one
    wasCut = false;          // whether an attempt to send it by one request was cut: it may have arrived
    cutLength = 0;           // bytes of the last request, if that was cut
    strangers = new WeakSet();  // files that looked like this upload's, and were others
    isElsewhere = false;     // another window is sending it
    asked = Promise.resolve();  // a question under way, which would stop an append
    isCancelled = false;
    isCancelled = false;
    onchange = () => {};
    onother = () => {};      // told of a file that turned out not to be this upload's
    #stop = new AbortController();
    #wake = () => {};
    #tries = 0;              // since the server's count last grew

    /** Either a file that was chosen, or what the browser remembers. */
    constructor({ id = drawnName(), path, size, lastModified, url = null, offset = 0, hashed = 0, sum = '' }, file = null) {
        // `offset` bytes are stored. `sum` is that of the first `hashed` ones, and none behind these was ever sent.
        Object.assign(this, { id, path, size, lastModified, url, offset, hashed, sum });
        this.name = path.slice(path.lastIndexOf('/') + 1);
        if (file === null) this.state = 'unfinished';
        else this.#take(file);
    }

    get active() { return States[this.state].active === true; }
    /** Whether one request makes it and fills it. */
    get isSmall() { return this.url === null && this.size <= Limits.smallBytes; }

    /** Goes on with the file chosen again. Whether it is the same one shows when the two are compared. */
    attach(file) {
        this.#take(file);
        this.resume();
    }

    #take(file) {
        this.file = file;
        this.digest = new FileDigest(file);
    }

    resume() {
        this.#tries = 0;
        this.isElsewhere = false;
        this.enter('queued');
    }

    retryNow() { this.#wake(); }

    pause() {
        const wasSending = this.state === 'sending' && this.url !== null;
        this.#stop.abort();
        this.enter('paused');
        if (wasSending) this.asked = server.offset(this.url).then((offset) => this.settle(offset), () => {});
    }

    /** Another window has taken it. */
    giveWay() {
        this.isElsewhere = true;
        this.#stop.abort();
        this.enter('superseded');
    }

    /** Stops it, and removes what is stored; but not what is finished, or another window's by now. */
    cancel() {
        this.isCancelled = true;
        this.#stop.abort();
        if (this.state === 'finished' || this.state === 'superseded' || memory.isBusyElsewhere(this.id)) return;
        if (this.url === null) memory.forget(this.id); else discard(this);
    }

    /** Takes over the server's own number. It never goes back while the upload is the same. */
    settle(offset) {
        if (this.isCancelled || this.state === 'finished') return;
        if (offset > this.offset) this.#tries = 0;
        this.offset = Math.min(offset, this.size);
        this.rate.move(this.offset);
        this.onchange(false);
    }

    /** What another window has written down. */
    recall(record, isElsewhere) {
        this.isElsewhere = isElsewhere;
        const { url, offset, hashed, sum } = record;
        Object.assign(this, { url, hashed, sum, offset: Math.min(offset, this.size) });
        this.onchange(true);
    }

    /** Asks how far it is, and disturbs nobody. Every byte may be there, and only the answer lost. */
    async look() {
        if (this.url === null) return;
        const offset = await server.look(this.url);
        this.settle(offset);
        if (offset === this.size && ['unfinished', 'superseded'].includes(this.state)) this.finish();
    }

    /** The server has nothing of it; the next attempt makes a new upload. */
    beginAnew() {
        Object.assign(this, { url: null, offset: 0, hashed: 0, sum: '' });
        if (this.file !== null) this.#take(this.file);
        this.rate.restart(0);
        memory.save(this);
        this.onchange(true);
    }

    finish() {
        this.offset = this.size;
        this.isElsewhere = false;
        this.finishedAt = Date.now();
        memory.forget(this.id);
        this.enter('finished');
    }

    /** Works until the upload is finished, refused, or stopped from outside. Never rejects. */
    async run() {
        const { signal } = this.#stop = new AbortController();
        while (this.active && !signal.aborted) {
            try {
                return await transfer(this, signal);
            } catch (error) {
                if (!signal.aborted) await this.#recover(error, signal);
            }
        }
    }

    async #recover(error, signal) {
        if (!(error instanceof Failure)) {
            console.error(error);
            return this.enter('refused', { words: 'This page made a mistake. Reload it and choose the file again.' });
        }
        // The word that another window took over can get lost with the connection. Not to fight it needs no server.
        const kind = memory.isBusyElsewhere(this.id) ? 'superseded' : error.kind;
        switch (kind) {
        case 'superseded':
            if (error.offset !== null) this.settle(error.offset);
            return this.enter('superseded');
        case 'changed': return this.enter('changed');
        case 'refused': return this.enter('refused', { words: error.message });
        case 'other': return this.#letGo();
        case 'gone': this.beginAnew(); break;
        case 'moved': this.settle(error.offset); break;
        case 'bounded': return;
        }
        // A file that cannot be read any more looks like a lost connection.
        if (!await isReadable(this.file)) return this.enter('changed', { signal });
        this.#tries += 1;
        if (this.#tries === 1 && ['gone', 'moved'].includes(kind)) return;
        if (!signal.aborted) await this.#wait(error, signal);
    }

    /** The file that was chosen is not the one that was begun: each keeps its own place. */
    #letGo() {
        const { file } = this;
        this.strangers.add(file);
        this.file = this.digest = null;
        this.enter('unfinished');
        this.onother(file);
    }

    async #wait(error, signal) {
        const seconds = error.pause(this.#tries);
        this.retryAt = Date.now() + seconds * 1000;
        this.needs = ['login', 'token'].includes(error.kind) ? error.kind : null;
        this.enter('waiting', { words: error.message });
        await new Promise((resolve) => {
            this.#wake = resolve;
            setTimeout(resolve, seconds * 1000);
            signal.addEventListener('abort', resolve);
        });
        this.needs = null;
    }

    enter(state, { words = '', signal } = {}) {
        // Paused meanwhile: what a stopped run finds out no longer counts.
        if (this.isCancelled || signal?.aborted || this.state === 'finished') return;
        this.state = state;
        this.words = words;
        // A refused file of which the server has nothing would only be refused again.
        if (state === 'refused' && this.url === null) memory.forget(this.id);
        else if (!this.active && !['finished', 'superseded'].includes(state)) memory.save(this);
        this.onchange(true);
    }
}
