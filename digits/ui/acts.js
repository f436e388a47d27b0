// Explicit answers of the user as acts. Each has its own number and the id of the visible reading.
// All acts are sent each time, so that none is lost, and Python handles each once. Nothing else
// that a component sends is treated as an answer.
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
