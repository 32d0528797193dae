// The list: groups of uploads, what is at work first, and of each group only as many rows as people look at.

import { Limits } from './limits.js';
import { Row, element, setText } from './row.js';
import { States } from './states.js';
import { count } from './words.js';

/** In the order of the page. `actions`: words of the buttons for all of the group. */
const Groups = [
    { name: 'active', title: 'Sending' },
    { name: 'failed', title: 'Not sent', actions: { again: 'Try all again', remove: 'Remove all' } },
    { name: 'paused', title: 'Paused' },
    { name: 'queued', title: 'Waiting' },
    { name: 'finished', title: 'Finished', actions: { remove: 'Clear finished' } },
    { name: 'left', title: 'Unfinished from before', actions: { remove: 'Remove all' } },
];

class Group {
    limit = Limits.groupRows;
    rows = new Map();        // by upload, of those that are shown

    constructor(description, act, actOnAll) {
        Object.assign(this, description, { act });
        this.node = element('group').content.cloneNode(true).firstElementChild;
        const part = (selector) => this.node.querySelector(selector);
        [this.heading, this.list, this.more] = [part('h2'), part('ul'), part('.more')];
        this.node.dataset.group = this.name;
        this.heading.id = `group-${this.name}`;
        this.node.setAttribute('aria-labelledby', this.heading.id);
        for (const role of ['again', 'remove']) {
            const button = part(`.all-${role}`), word = this.actions?.[role];
            button.hidden = word === undefined;
            button.textContent = word ?? '';
            button.onclick = () => actOnAll(this.name, role);
        }
        this.more.onclick = () => {
            const first = this.limit;
            this.limit += Limits.moreRows;
            this.show(this.uploads, this.isFetchable);
            this.rows.get(this.uploads[first])?.focus('remove');
        };
        this.node.hidden = true;
    }

    /** Shows the first of these uploads, and says how many more there are. */
    show(uploads, isFetchable) {
        Object.assign(this, { uploads, isFetchable });
        this.node.hidden = uploads.length === 0;
        if (uploads.length === 0) this.limit = Limits.groupRows;
        setText(this.heading, `${this.title} (${count(uploads.length)})`);
        const shown = new Set(uploads.slice(0, this.limit));
        for (const [upload, row] of this.rows) {
            if (shown.has(upload)) continue;
            row.node.remove();
            this.rows.delete(upload);
        }
        let place = this.list.firstElementChild;
        for (const upload of shown) {
            const row = this.rows.get(upload) ?? new Row(upload, this.act);
            this.rows.set(upload, row);
            row.render(isFetchable);
            if (row.node === place) place = place.nextElementSibling;
            else this.list.insertBefore(row.node, place);
        }
        const rest = uploads.length - shown.size;
        this.more.hidden = rest <= 0;
        setText(this.more, `Show ${count(Math.min(rest, Limits.moreRows))} of ${count(rest)} more`);
    }
}

const rowOf = (upload) => list.groups.map((group) => group.rows.get(upload)).find(Boolean);

const uploadAt = (node) => list.groups.flatMap((group) => [...group.rows.values()])
    .find((row) => row.node === node)?.upload;

/** Where the focus is: the row's upload, the button's role, and the upload of the row after. */
function focused() {
    const button = document.activeElement, node = button?.closest('li.upload');
    if (!node) return null;
    const role = ['again', 'toggle', 'remove'].find((name) => button.classList.contains(name));
    const after = node.nextElementSibling ?? node.previousElementSibling;
    return { button, role, upload: uploadAt(node), after: after && uploadAt(after) };
}

/** A button that vanishes, or moves, under the finger must not drop a keyboard user at the top of the page. */
function focusAgain({ button, role, upload, after }) {
    if (document.activeElement === button && !button.hidden) return;
    const row = rowOf(upload);
    if (row) row.focus(role);
    else if (rowOf(after)) rowOf(after).focus('remove');
    else element('files').focus();
}

export const list = {
    groups: [],

    /** @param act told the upload and the button's role; @param actOnAll told the group's name and the role */
    open(act, actOnAll) {
        this.groups = Groups.map((description) => new Group(description, act, actOnAll));
        element('groups').append(...this.groups.map((group) => group.node));
    },

    /** @param isFetchable whether finished files can be downloaded here */
    show(uploads, isFetchable) {
        const before = focused(), members = Object.fromEntries(this.groups.map(({ name }) => [name, []]));
        for (const upload of uploads) members[States[upload.state].group].push(upload);
        members.finished.sort((a, b) => b.finishedAt - a.finishedAt);
        for (const group of this.groups) group.show(members[group.name], isFetchable);
        if (before) focusAgain(before);
    },
};
