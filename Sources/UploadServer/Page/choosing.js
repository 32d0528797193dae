// How files get onto the page: chosen, chosen by the folder, dropped.

import { Limits } from './limits.js';
import { element } from './row.js';
import { plural } from './words.js';

/** All files below a dropped folder, with their paths. Answers how many could not be read. */
async function walk(entry, found) {
    if (found.length > Limits.files) return 0;
    try {
        if (entry.isFile) {
            const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
            found.push({ file, path: entry.fullPath.replace(/^\//, '') });
            return 0;
        }
        const reader = entry.createReader();
        let unreadable = 0;
        for (;;) {  // a reader gives a hundred entries at a time
            const entries = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
            if (entries.length === 0) return unreadable;
            for (const child of entries) unreadable += await walk(child, found);
        }
    } catch {
        return 1;
    }
}

async function dropped(transfer) {
    // The transfer is emptied as soon as the event is over: take everything out before the first await.
    const items = [...transfer.items].filter((item) => item.kind === 'file')
        .map((item) => ({ entry: item.webkitGetAsEntry?.(), file: item.getAsFile() }));
    const found = [];
    let unreadable = 0;
    for (const { entry, file } of items) {
        if (entry?.isDirectory) unreadable += await walk(entry, found);
        else if (file) found.push({ file, path: file.name });
        else unreadable += 1;
    }
    return { found, note: unreadable > 0 ? `${plural(unreadable, 'dropped item')} could not be read.` : '' };
}

/** @param add told the chosen files, each with its path; @param tell told what a person should know */
export function listen(add, tell) {
    const choose = (input) => {
        add([...input.files].map((file) => ({ file, path: file.webkitRelativePath || file.name })));
        input.value = '';  // so that choosing the same file again is a change
    };
    element('files').addEventListener('change', () => choose(element('files')));
    element('form').addEventListener('submit', (event) => event.preventDefault());
    const folder = document.createElement('input');
    Object.assign(folder, { type: 'file', webkitdirectory: true });
    folder.addEventListener('change', () => choose(folder));
    element('folder').onclick = () => folder.click();

    // While something is dragged over the page this event repeats; its end is not told reliably.
    let fading = 0;
    const mark = (dragging) => {
        clearTimeout(fading);
        document.body.classList.toggle('dragging', dragging);
        if (dragging) fading = setTimeout(mark, 600, false);
    };
    const holdsFiles = (event) => event.dataTransfer?.types.includes('Files');
    addEventListener('dragover', (event) => {
        if (!holdsFiles(event)) return;
        event.preventDefault();
        mark(true);
    });
    addEventListener('drop', async (event) => {
        if (!holdsFiles(event)) return;
        event.preventDefault();
        mark(false);
        const { found, note } = await dropped(event.dataTransfer);
        add(found);
        if (note) tell(note);
    });

    // Fingers drop nothing, and phones have no folders to choose.
    const hasPointer = matchMedia('(any-pointer: fine)').matches;
    document.documentElement.classList.add('scripted');
    element('files').classList.add('hushed');
    element('invitation').textContent = hasPointer ? 'Drop files or folders here' : 'Choose files';
    element('ways').innerHTML = hasPointer ? 'or <em>choose files</em>' : 'photos, videos, documents: anything';
    element('folder-line').hidden = !hasPointer || !('webkitdirectory' in HTMLInputElement.prototype);
}
