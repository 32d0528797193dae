// What is small and used all over the page.

export const element = (id) => document.getElementById(id);

/** A node of one of the page's templates. */
export const made = (template) => element(template).content.cloneNode(true).firstElementChild;

export function setText(node, text) {
    if (node.textContent !== text) node.textContent = text;
}

export function setBar(bar, share, text) {
    const part = Math.min(1, Math.max(0, share));
    bar.firstElementChild.style.transform = `scaleX(${part})`;
    bar.setAttribute('aria-valuenow', Math.floor(100 * part));
    bar.setAttribute('aria-valuetext', text);
}

/** Puts rows into a list in the order of `items`, making and removing as few as need be. */
export function arrange(list, rows, items, make) {
    const shown = new Set(items);
    for (const [item, row] of rows) {
        if (shown.has(item)) continue;
        row.node.remove();
        rows.delete(item);
    }
    let place = list.firstElementChild;
    for (const item of items) {
        let row = rows.get(item);
        if (row === undefined) rows.set(item, row = make(item));
        if (row.node === place) place = place.nextElementSibling;
        else list.insertBefore(row.node, place);
    }
}

/** A time as a person on this side of the screen has it. */
export const clock = (time) => new Date(time).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', second: '2-digit' });

export const moment = (time) => new Date(time).toLocaleString([], { dateStyle: 'medium', timeStyle: 'medium' });
