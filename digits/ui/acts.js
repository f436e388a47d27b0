// What a person says is right, as acts: each has a number of its own and stands under the id of
// the reading that was in sight. They are sent whole each time, so that none is lost, and Python
// takes each once; nothing else that a component sends is ever an answer.
export function makeActs() {
  let epoch = null;
  let acts = [];
  return {
    of: (reading) => {
      if (reading !== epoch) [epoch, acts] = [reading, []];
    },
    add: (id, text, how) => {
      const n = `${Date.now()}-${Math.random().toString(36).slice(2)}`;
      acts = [...acts, { n, id, text, how }];
      return { epoch, acts };
    },
  };
}
