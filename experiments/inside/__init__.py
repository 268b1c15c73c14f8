"""Inside a trained network: what its gates do, what its units remember, what it says when left alone.

layers      a network taken apart into cells, each with its first carry and its direction
names       what the gates are called, by the equations that a cell is found to compute
record      gates and states of every step
hold        a gate held at a value, and the scores then
quantities  what there is to remember of a task
bootstrap   intervals over sequences
probes      how well a linear function of the state tells it
languages   which symbols are legal, and where a string ends
steps       a network one step at a time
generate    a network that hears its own output
signals     how far a produced signal is from the one that was learnt
"""
