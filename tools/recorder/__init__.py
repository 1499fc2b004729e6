"""The recorder: what a run tells about itself while it trains, in one file of JSON lines that misrun reads.

    import misrun
    with misrun.record(model, optimizer, path="runs/exp42/record.jsonl"):
        train(model, optimizer)

It observes only: no number of the run changes, no error of its own reaches the training, and its work is held to 2 % of
the run's time. `huggingface.RecorderCallback` and `lightning.RecorderCallback` do the same for those trainers.
"""
