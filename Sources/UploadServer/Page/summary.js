// What holds for all uploads: the numbers above the list, the title, and what screen readers are told.

import { token } from './token.js';
import { Limits } from './limits.js';
import { RateMeter } from './pace.js';
import { States } from './states.js';
import { bytes, count, plural, speed } from './words.js';
import { element, setBar, setText } from './row.js';

const rate = new RateMeter();
let rateOf = 0;    // how many uploads the rate was of

const total = (uploads, value) => uploads.reduce((sum, upload) => sum + value(upload), 0);

/** Shows the numbers of all uploads. Those of an earlier visit count once their files are chosen again. */
export function summarise(uploads) {
    const mine = uploads.filter((upload) => upload.state !== 'unfinished');
    const of = (group) => mine.filter((upload) => States[upload.state].group === group).length;
    const finished = of('finished'), failed = of('failed');
    const size = total(mine, (upload) => upload.size), stored = total(mine, (upload) => upload.offset);
    const active = mine.some((upload) => upload.active), paused = of('paused') > 0;
    if (rateOf !== mine.length) rate.restart(stored);
    rateOf = mine.length;
    rate.move(stored);

    const parts = [`${count(finished)} of ${plural(mine.length, 'file')} finished`];
    if (failed > 0) parts.push(`${count(failed)} not sent`);
    parts.push(stored === size ? bytes(size) : `${bytes(stored)} of ${bytes(size)}`);
    if (active) parts.push(...speed(rate.bytesPerSecond, size - stored));
    setText(element('summary'), parts.join(' · '));
    const done = size > 0 ? stored : finished, all = size > 0 ? size : mine.length;
    setBar(element('total'), done, all, parts.join(', '));
    element('total').classList.toggle('good', finished === mine.length);
    element('total').classList.toggle('moving', active);

    element('overview').hidden = mine.length === 0;
    element('pause-all').hidden = !active || mine.length < 2;
    element('resume-all').hidden = active || !paused || mine.length < 2;
    element('token-form').hidden = !token.isWanted;
    setText(element('token-label'), token.isRefused
        ? 'The server does not take this token: it is wrong, or its time is over. Another one:'
        : 'The server asks who you are. Your token:');
    element('login').hidden = !mine.some((upload) => upload.state === 'waiting' && upload.needs === 'login');
    document.body.classList.toggle('busy', uploads.length > 0);
    const percent = all === 0 ? 0 : Math.floor(100 * done / all);
    const title = active ? `${percent} % · Upload files` : 'Upload files';
    if (document.title !== title) document.title = title;
    if (!active && finished > 3 && finished === mine.length) news.sum = `All ${plural(finished, 'file')} are finished.`;
}

/** Speaks to screen readers about changes of state, many at once in one breath, and never about progress. */
export const news = {
    sum: '',                   // said in place of many that came to their ends
    waiting: new Map(),
    timer: 0,

    tell(upload, words) {
        this.waiting.set(upload.id, `${upload.name}: ${words}`);
        if (this.timer === 0) this.timer = setTimeout(() => this.speak(), Limits.newsMilliseconds);
    },

    speak() {
        const lines = [...this.waiting.values()];
        this.waiting.clear();
        this.timer = 0;
        element('news').textContent = lines.length <= 3 ? lines.join(' ')
            : this.sum || `${lines.slice(0, 2).join(' ')} ${plural(lines.length - 2, 'more change')}.`;
        this.sum = '';
    },
};
