// What an upload can be in, and what a person can do about it then.

/**
 * `group`: where the list shows it. `active`: goes on by itself. `toggle`, `remove`: words of its buttons.
 * `tone`: the colour of its words and bar.
 */
export const States = {
    queued: { group: 'queued', active: true, toggle: 'Pause', tone: 'still', words: 'Waiting for its turn' },
    comparing: { group: 'active', active: true, toggle: 'Pause', words: 'Comparing with what was sent before' },
    asking: { group: 'active', active: true, toggle: 'Pause', words: 'Checking with the server' },
    sending: { group: 'active', active: true, toggle: 'Pause', words: 'Sending' },
    waiting: { group: 'active', active: true, toggle: 'Pause', again: 'Retry now', tone: 'warn' },
    paused: { group: 'paused', toggle: 'Resume', tone: 'still', words: 'Paused' },
    refused: { group: 'failed', toggle: 'Try again', remove: 'Remove', tone: 'bad' },
    changed: { group: 'failed', toggle: 'Choose again', remove: 'Remove', tone: 'bad',
        words: 'The file was changed, moved or deleted after it was chosen. Choose it again.' },
    superseded: { group: 'failed', toggle: 'Take back', remove: 'Clear', tone: 'warn',
        words: 'Another window or device goes on with this upload.' },
    unfinished: { group: 'left', remove: 'Remove', tone: 'still' },
    finished: { group: 'finished', remove: 'Clear', tone: 'good', words: 'Finished' },
};
