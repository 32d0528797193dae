// One number over the last hour.

import { element, made, setText } from './telling.js';

const width = 240, height = 56;
const stepsMin = 40;

/** The next larger number that people like: 1, 2 or 5 and zeros. */
function rounded(most) {
    if (most <= 0) return 1;
    const unit = 10 ** Math.floor(Math.log10(most));
    return unit * [1, 2, 5, 10].find((step) => step * unit >= most);
}

export class Plot {
    #values = [];
    #now = 0;

    /** @param write a number as words; @param tone a class of the figure */
    constructor(title, write, tone = '') {
        Object.assign(this, { title, write });
        this.node = made('plot');
        if (tone !== '') this.node.classList.add(tone);
        const part = (selector) => this.node.querySelector(selector);
        [this.now, this.svg, this.peak, this.when] = [part('.now'), part('svg'), part('.peak'), part('.span')];
        [this.area, this.line] = [part('.area'), part('.line')];
        setText(part('figcaption'), title);
        element('plots').append(this.node);
        this.svg.addEventListener('pointermove', (event) => this.#point(event));
        this.svg.addEventListener('pointerleave', () => this.#label());
    }

    /**
     * @param values rates, a step of so many seconds each, the newest last; @param room how many steps an hour has
     * @param now the present rate
     */
    show(values, room, seconds, now) {
        // A server that has just begun has not much of an hour: the part that there is has more room then.
        const points = [...values, now], steps = Math.min(room, Math.max(points.length - 1, stepsMin));
        Object.assign(this, { steps, seconds });
        this.#values = points;
        this.#now = now;
        const scale = rounded(Math.max(...points)), step = width / steps;
        const marks = points.map((value, index) => {
            const x = width - (points.length - 1 - index) * step;
            return `${x.toFixed(1)} ${(height - 1 - value / scale * (height - 3)).toFixed(1)}`;
        });
        const path = points.some((value) => value > 0) ? `M${marks.join('L')}` : '';
        const start = width - (points.length - 1) * step;
        this.line.setAttribute('d', path);
        this.area.setAttribute('d', path && `${path}L${width} ${height}L${start.toFixed(1)} ${height}Z`);
        this.node.classList.toggle('idle', now <= 0);
        setText(this.now, this.write(now));
        this.#label();
    }

    #label() {
        const most = Math.max(0, ...this.#values), minutes = Math.round(this.steps * this.seconds / 60);
        const span = minutes < 60 ? `last ${minutes} min` : 'last hour';
        setText(this.peak, `peak ${this.write(most)}`);
        setText(this.when, span);
        this.svg.setAttribute('aria-label', `${this.title}: now ${this.write(this.#now)}, ${span}, at most ${this.write(most)}`);
    }

    /** Tells what was where the pointer is. */
    #point(event) {
        const box = this.svg.getBoundingClientRect();
        const back = Math.round((1 - (event.clientX - box.left) / box.width) * this.steps);
        const value = back < 0 ? undefined : this.#values.at(-1 - back);
        if (value === undefined) return this.#label();
        const minutes = Math.round(back * this.seconds / 60);
        setText(this.peak, this.write(value));
        setText(this.when, minutes === 0 ? 'now' : `${minutes} min ago`);
    }
}
