/**
 * How a rollout moves by itself: from what is observed and the time, one transition after another. One file for each
 * kind of step. It knows no command of a person (`command.ts`), and what the world should be like is for `wants.ts`.
 */

export { advance } from './advance.ts';
