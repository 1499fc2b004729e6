"""Cures and measurements for the data modes."""

# ruff: noqa: E501 - a template reads best on one line

from misrun.agents.cures.cure import DIRECT, SOMETIMES, USUAL, Cure, measurement
from misrun.agents.cures.facts import RunFacts
from misrun.agents.cures.optimization import ONSET
from misrun.agents.cures.slots import slot_value

RUNS_ON = (
    "The batch that failed at {error_place} goes through, and one whole epoch ends without the error.",
    "One whole epoch ends without the error.",
)
ENDED = "The run ended with: {error}"

# Labels that by custom mark positions without a class: 255 in segmentation masks, negative numbers elsewhere.
VOID = 255


def _may_mean_void(facts: RunFacts) -> bool:
    """Whether the label outside the range may mark positions that do not count, as far as the message tells."""
    label = slot_value("label", facts)
    return label is None or label.number is None or label.number < 0 or label.number == VOID


CURES: tuple[Cure, ...] = (
    Cure(
        "resize_embedding",
        {"data_pipeline/vocabulary_mismatch": DIRECT},
        what=(
            "Give the embedding more rows than {token_id}: that id was looked up in a table of {table_rows} rows.",
            "Give the embedding as many rows as the tokenizer has tokens: it has {vocabulary}, and id {token_id} was looked up.",
            "Give the embedding as many rows as the tokenizer has tokens (len(tokenizer)); the configured vocab_size is {vocabulary}.",
            "Give the embedding looked up at {error_place} as many rows as there are ids (the largest id plus 1, or len(tokenizer)).",
            "Give the embedding as many rows as the tokenizer has tokens: compare len(tokenizer) with num_embeddings.",
        ),
        why=(
            "An id at or above the number of rows has no vector; added special tokens are the usual reason.",
            ENDED,
            "{signal.vocabulary_exceeds_embedding}",
        ),
        how=(
            "{if_hf}model.resize_token_embeddings(len(tokenizer))  # after adding tokens, before training",
            "nn.Embedding(len(tokenizer), dim)  # len(), not tokenizer.vocab_size, which leaves added tokens out",
        ),
        verify=RUNS_ON,
        effort="one line",
        supported_by=r"resize_token_embeddings|vocab|embedding|num_embeddings",
        tried=r"resize_token_embeddings|vocab_size",
        told="the tokenizer's length is not what exceeds the table: look at padding ids (-100, -1) and position ids",
    ),
    Cure(
        "same_tokenizer",
        {"data_pipeline/vocabulary_mismatch": USUAL},
        what=("Load tokenizer and model from the same checkpoint, and tokenise again.",),
        why=(
            "Ids of one tokenizer mean other tokens in another model, within range or not.",
            "{signal.perplexity_high}",
        ),
        how=(
            "tokenizer = AutoTokenizer.from_pretrained(name); model = AutoModel.from_pretrained(name)  # one name; delete the tokenised cache",
        ),
        verify=(
            "tokenizer.decode(batch['input_ids'][0]) reads as the original text, and the first loss is below ln(vocabulary size).",
        ),
        effort="one line",
        supported_by=r"(same|right|matching|own|original) tokenizer|tokenizer that|belongs? to|re-?tokeni[sz]",
        tried=r"tokenizer",
    ),
    measurement(
        "data_pipeline/vocabulary_mismatch",
        "Compare the largest id of every batch with the rows of the embedding.",
        "rows = model.get_input_embeddings().num_embeddings  # or your nn.Embedding\n"
        "for i, b in enumerate(loader): assert 0 <= int(b['input_ids'].min()) and int(b['input_ids'].max()) < rows, (i, int(b['input_ids'].max()), rows)",
        "The assertion names the first batch and the id that has no row.",
    ),
    Cure(
        "map_labels",
        {"data_pipeline/label_range": DIRECT},
        what=(
            "Map the labels to 0..{largest_label}: label {label} occurs and the model has {classes} classes.",
            "Map the labels to 0..{largest_label}; the model has {classes} classes.",
            "Map the labels to 0..C-1, where C is the size of the model's output: label {label} lies outside.",
            "Map the labels to 0..C-1, where C is the size of the model's output.",
        ),
        why=(
            "The loss indexes the output with the label; a label at or above the number of classes, or below 0, is outside.",
            ENDED,
            "{signal.labels_exceed_classes}",
        ),
        how=(
            "labels = sorted(set(all_labels)); index = {{name: i for i, name in enumerate(labels)}}\n"
            "y = index[raw]  # for labels that start at 1: y = raw - 1",
        ),
        verify=RUNS_ON,
        effort="one line",
        supported_by=r"label|class|range|remap|zero.based|ignore_index",
        tried=r"(label|class).{0,30}(map|shift|-\s?1|encod)",
        in_code=True,
    ),
    Cure(
        "more_outputs",
        {"data_pipeline/label_range": USUAL},
        what=(
            "If label {label} is a real class, raise the number of classes from {classes} to {classes_needed}.",
            "If label {label} is a real class, raise the model's number of classes to {classes_needed}.",
            "If all labels are real classes, set the number of classes to the largest label plus 1.",
        ),
        why=("The output needs one column per class.", ENDED),
        how=(
            "{classes_needed_edit}",
            "num_classes (or num_labels) = int(max(all_labels)) + 1, in the config and in the model's last layer",
        ),
        verify=RUNS_ON,
        effort="config change",
        supported_by=r"num_classes|num_labels|output (size|dim)",
        tried=r"(num_classes|num_labels)",
        hides=("data_pipeline/corrupt_records",),
    ),
    Cure(
        "ignore_padding_label",
        {"data_pipeline/label_range": SOMETIMES},
        what=("If the outside label marks padding or void, pass it as ignore_index.",),
        why=("Segmentation masks use 255 and token tasks use -100 for positions that do not count.", ENDED),
        how=("nn.CrossEntropyLoss(ignore_index=255)  # the value your data uses",),
        verify=RUNS_ON,
        effort="one line",
        when=_may_mean_void,
        supported_by=r"ignore_index|void|255|-100",
        tried=r"ignore_index",
    ),
    measurement(
        "data_pipeline/label_range",
        "Print the smallest and largest label of the whole data set beside the size of the output.",
        "y = torch.cat([b[1].flatten() for b in loader]); print(y.min().item(), y.max().item(), y.unique()[:20], 'outputs', model(x).shape[1])\n"
        "# on a GPU run with CUDA_LAUNCH_BLOCKING=1, or on the CPU, to see the failing line",
        "A minimum below 0 or a maximum at or above the number of outputs is the cause.",
    ),
    Cure(
        "join_by_key",
        {"data_pipeline/label_misalignment": DIRECT},
        what=("Join inputs and labels by key instead of by position, and sort or shuffle them together only.",),
        why=(
            "Labels that belong to other inputs are noise: training loss falls by memorising and validation does not move.",
            "{signal.validation_flat}",
            "{signal.loss_at_chance}",
        ),
        how=(
            "data = inputs.merge(labels, on='id', validate='one_to_one')  # sorted(glob(...)) on both sides if files are paired",
        ),
        verify=(
            "Ten random samples, decoded, carry the right label, and validation accuracy leaves {accuracy_last}.",
            "Ten random samples, decoded, carry the right label.",
        ),
        effort="code change",
        supported_by=r"label|align|order|sort|shuffl|shift|join",
        tried=r"(check|verif)\w*.{0,20}label",
        in_code=True,
    ),
    Cure(
        "shift_targets_once",
        {"data_pipeline/label_misalignment": SOMETIMES},
        what=("Shift targets against inputs by exactly one position, in one place.",),
        why=(
            "Language models of the libraries shift inside; a second shift trains on the token after next, none trains on copying.",
            "{signal.loss_start_low}",
        ),
        how=(
            "own loss: F.cross_entropy(logits[:, :-1].flatten(0, 1), ids[:, 1:].flatten()); library model: labels = input_ids",
        ),
        verify=("For one sample, target[i] equals input[i + 1] at the point where the loss is computed.",),
        effort="one line",
        supported_by=r"shift",
        tried=r"shift",
        in_code=True,
    ),
    measurement(
        "data_pipeline/label_misalignment",
        "Print ten random samples with their decoded labels, as the loss receives them.",
        "x, y = next(iter(train_loader))\nfor i in torch.randperm(len(x))[:10].tolist(): print(decode(x[i]), '->', class_names[int(y[i])])",
        "One wrong pair in ten is enough to explain a validation metric at chance.",
    ),
    Cure(
        "keep_some_targets",
        {"data_pipeline/masked_targets": DIRECT},
        what=(
            "Make sure that every sample keeps targets after truncation: cut the prompt, not the answer, and drop samples without any.",
        ),
        why=(
            "When all labels are -100 the loss is a mean over nothing: 0 or NaN, with no gradient.",
            "{signal.loss_zero}",
            "{signal.loss_hidden_nan}",
        ),
        how=(
            "dataset = dataset.filter(lambda s: any(t != -100 for t in s['labels']))  # and check the response template of the collator token by token",
        ),
        verify=("The share of labels that are not -100 is above 0 in every batch, and the loss is above 0.",),
        effort="code change",
        supported_by=r"mask|-100|ignore|truncat|template|completion",
        tried=r"(mask|-100|ignore_index|response.?template)",
        in_code=True,
    ),
    Cure(
        "room_for_answers",
        {"data_pipeline/masked_targets": USUAL, "data_pipeline/truncation": USUAL},
        what=(
            "Raise {length_setting} from {length} to {length_longer}: the longest sample has {sample_longest}.",
            "Raise the maximum length above {length}, to the 99th percentile of prompt plus answer.",
            "Set the maximum length to the 99th percentile of prompt plus answer.",
        ),
        why=("A limit that the prompt alone fills leaves no target.", "{signal.completions_clipped}"),
        how=(
            "{length_longer_edit}",
            "print(np.percentile([len(s['input_ids']) for s in untruncated], [50, 95, 99]))  # then set the limit to the last",
        ),
        verify=("Fewer than 1 % of samples are cut.",),
        effort="config change",
        when=lambda f: not f.has("completions_clipped"),
        supported_by=r"max_(seq_)?length|truncat",
        tried=r"max_(seq_)?len",
        moves=("memory+", "sequence length+"),
    ),
    measurement(
        "data_pipeline/masked_targets",
        "Print the share of labels that count, per batch.",
        "for i, b in enumerate(loader): print(i, (b['labels'] != -100).float().mean().item())",
        "0 in any batch explains a loss of 0 or NaN there.",
    ),
    Cure(
        "split_first",
        {"data_pipeline/leakage": DIRECT},
        what=("Split before anything is fitted, augmented or windowed, and keep copies of one source on one side.",),
        why=("A validation sample that training has seen measures memory.", "{signal.validation_suspiciously_good}"),
        how=(
            "train, val = next(GroupShuffleSplit(1, test_size=0.1, random_state=0).split(X, groups=source_id)); scaler.fit(X[train])",
        ),
        verify=("The overlap of hashed samples is 0, and validation is slightly worse than training.",),
        effort="code change",
        supported_by=r"leak|split|overlap|duplicate|group",
        tried=r"(split|dedup)",
        in_code=True,
    ),
    Cure(
        "remove_target_features",
        {"data_pipeline/leakage": SOMETIMES},
        what=("Remove every input that is only known after the target.",),
        why=("A column that is computed from the target predicts it perfectly.",),
        how=(
            "print(pd.DataFrame(X).corrwith(pd.Series(y)).abs().sort_values().tail(10))  # drop what is near 1 and known too late",
        ),
        verify=("No single input alone predicts the target.",),
        effort="code change",
        supported_by=r"feature|column|future|target",
        tried=r"feature",
    ),
    measurement(
        "data_pipeline/leakage",
        "Count the samples that occur in both splits.",
        "h = lambda s: hashlib.sha1(np.ascontiguousarray(s).tobytes()).hexdigest()\n"
        "train = set(map(h, X_train)); print(sum(h(s) in train for s in X_val), 'of', len(X_val))",
        "Anything above 0 is leakage; 0 leaves near-duplicates and target features to check.",
    ),
    Cure(
        "normalize_once",
        {"data_pipeline/input_scaling": DIRECT},
        what=(
            "Normalise inputs once, with mean and standard deviation of the training split (or of the pretrained model).",
        ),
        why=(
            "Inputs of scale 100 make the first gradients 100 times larger; normalising twice makes the inputs nearly constant.",
            "{signal.loss_start_high}",
            "{signal.grad_exploding}",
        ),
        how=(
            "x = (x - mean) / (std + 1e-6)  # mean, std of the training split, per channel; images: x.float() / 255 first, and once only",
        ),
        verify=(
            "One training batch has mean within 0.1 of 0 and standard deviation within 0.1 of 1 per channel, and validation likewise.",
        ),
        effort="one line",
        supported_by=r"normali[sz]|scal|standardi|mean|std|255",
        tried=r"normali[sz]|standardi[sz]",
        told="the scale of the inputs is not the cause; look at the targets' scale",
        in_code=True,
    ),
    measurement(
        "data_pipeline/input_scaling",
        "Print mean, standard deviation and range of one training and one validation batch.",
        "for name, loader in (('train', train_loader), ('val', val_loader)):\n"
        "    x = next(iter(loader))[0].float(); print(name, x.mean().item(), x.std().item(), x.min().item(), x.max().item())",
        "A standard deviation far from 1, or different between the two, is the cause.",
    ),
    Cure(
        "drop_bad_records",
        {"data_pipeline/corrupt_records": DIRECT},
        what=(
            "Validate every record once, and drop or mend those that fail (at {error_place} the run met one).",
            "Validate every record once, and drop or mend those that fail.",
        ),
        why=(
            "One NaN or one unreadable file reaches the weights within a step.",
            (ENDED, *ONSET),
        ),
        how=(
            "bad = []\nfor i in range(len(dataset)):\n    try:\n        x, y = dataset[i]; assert np.isfinite(np.asarray(x, dtype=float)).all()\n"
            "    except (OSError, ValueError, AssertionError) as e: bad.append((i, repr(e)))\nprint(len(bad), bad[:20])",
        ),
        verify=RUNS_ON,
        effort="hours",
        supported_by=r"corrupt|nan|clean|filter|drop|decode|damaged|encoding",
        tried=r"(isnan|isfinite|clean|filter)\w*.{0,20}(data|record|sample|file)?",
        told="the records themselves are finite and readable",
    ),
    Cure(
        "state_encoding",
        {"data_pipeline/corrupt_records": SOMETIMES},
        what=("State the encoding when opening text files and replace what does not decode.",),
        why=("The default encoding depends on the machine.", ENDED),
        how=("open(path, encoding='utf-8', errors='replace')",),
        verify=RUNS_ON,
        effort="one line",
        when=lambda f: f.event("decode_error") is not None,
        supported_by=r"encoding|utf",
        tried=r"encoding",
    ),
    measurement(
        "data_pipeline/corrupt_records",
        "Check each batch for non-finite values before the forward pass.",
        "for i, b in enumerate(loader):\n    for k, v in b.items(): assert torch.isfinite(v.float()).all(), (i, k)",
        "The assertion names the first batch and field with NaN or infinity; none means the data is not the cause.",
    ),
    Cure(
        "right_path",
        {"data_pipeline/missing_data": DIRECT},
        what=(
            "Make {missing_path} exist, or point the configuration to where the data is.",
            "Name the column as the file has it: {missing_column} is not there.",
            "Compare the paths and columns the loader asks for with those that are there.",
        ),
        why=("A relative path starts at the working directory, not at the script.", ENDED),
        how=(
            "print(Path('.').resolve(), sorted(p.name for p in Path(data_dir).iterdir())[:20])   # for a table: print(df.columns.tolist())",
        ),
        verify=("len(dataset) prints the expected number of samples for every split.",),
        effort="config change",
        supported_by=r"path|column|split|missing|directory|file",
        tried=r"(path|download)",
    ),
    Cure(
        "nonempty_split",
        {"data_pipeline/missing_data": USUAL},
        what=("Loosen the filter or pattern that leaves the split empty.",),
        why=("A pattern that matches no file, or a filter that drops all, gives a data set of length 0.", ENDED),
        how=("print(len(files), files[:3]); print(len(dataset), 'before', len(filtered), 'after the filter')",),
        verify=("len(dataset) is above 0 for every split.",),
        effort="one line",
        when=lambda f: f.event("empty_dataset") is not None,
        supported_by=r"empty|filter|glob|num_samples",
        tried=r"(filter|glob)",
    ),
    measurement(
        "data_pipeline/missing_data",
        "List the data path and the columns as the process sees them.",
        "ls -la <data path>; python -c \"import pandas as pd; print(pd.read_csv('<file>', nrows=2).columns.tolist())\"",
        "What the loader asks for and this does not show is missing.",
    ),
    Cure(
        "shuffle_training",
        {"data_pipeline/unshuffled_data": DIRECT},
        what=("Shuffle the training samples anew every epoch.",),
        why=(
            "Sorted data gives batches of one class, and the model follows whichever came last.",
            "{signal.loss_periodic}",
        ),
        how=(
            "DataLoader(train, batch_size=b, shuffle=True)   # distributed: sampler.set_epoch(epoch); streams: .shuffle(buffer_size=10_000)",
        ),
        verify=("The label histogram of ten consecutive batches matches that of the data set.",),
        effort="one line",
        supported_by=r"shuffl|set_epoch|sampler|buffer",
        tried=r"shuffl",
        told="the order of the samples is not the cause",
        in_code=True,
    ),
    measurement(
        "data_pipeline/unshuffled_data",
        "Print the label histogram of ten consecutive batches.",
        "for i, (_, y) in zip(range(10), train_loader): print(i, torch.bincount(y.flatten()).tolist())",
        "Batches of one or few classes mean sorted data.",
    ),
    Cure(
        "weigh_classes",
        {"data_pipeline/class_imbalance": DIRECT},
        what=("Weigh the loss by inverse class frequency, and judge by balanced accuracy.",),
        why=(
            "Predicting the large class always is the cheapest way to a low loss.",
            "{signal.metric_constant}",
            "Validation accuracy stands at {accuracy_last}.",
        ),
        how=(
            "{balance_switch}",
            "n = torch.bincount(train_labels, minlength=C).float(); nn.CrossEntropyLoss(weight=n.sum() / (C * n.clamp(min=1)))",
        ),
        verify=("The recall of the smallest class is above 0 on validation.",),
        effort="one line",
        supported_by=r"weight|imbalanc|focal|oversampl|balanc",
        tried=r"(class weight|focal|oversampl|balanc)",
        told="class frequencies are not what keeps it there",
    ),
    Cure(
        "sample_classes_evenly",
        {"data_pipeline/class_imbalance": USUAL},
        what=("Draw training samples with equal chance per class.",),
        why=("A rare class seen once in a hundred batches is forgotten in between.",),
        how=(
            "WeightedRandomSampler((1.0 / n)[train_labels], num_samples=len(train_labels))  # n: class counts; replaces shuffle=True",
        ),
        verify=("The label histogram of ten batches is about even.",),
        effort="one line",
        supported_by=r"sampler|oversampl|resampl",
        tried=r"(sampler|oversampl)",
    ),
    measurement(
        "data_pipeline/class_imbalance",
        "Print the label histogram and the confusion matrix on validation.",
        "print(np.bincount(y_val)); print(sklearn.metrics.confusion_matrix(y_val, predictions))",
        "One filled column means that one class is predicted always.",
    ),
    Cure(
        "deduplicate",
        {"data_pipeline/duplicated_data": DIRECT},
        what=("Remove duplicates by hash before the split.",),
        why=(
            "Repeated samples are memorised, and those that fall on both sides inflate validation.",
            "{signal.loss_periodic}",
        ),
        how=("df = df.drop_duplicates(subset=['text'])   # images: hash the decoded pixels",),
        verify=("The number of distinct hashes equals the number of samples.",),
        effort="one line",
        supported_by=r"dedup|duplicate",
        tried=r"(dedup|duplicate)",
    ),
    measurement(
        "data_pipeline/duplicated_data",
        "Count distinct hashes of the samples of one epoch.",
        "seen = [hash(np.asarray(dataset[i][0]).tobytes()) for i in range(len(dataset))]; print(len(set(seen)), 'of', len(seen))",
        "Fewer distinct hashes than samples is the share of duplicates.",
    ),
    Cure(
        "mask_padding",
        {"data_pipeline/padding_in_loss": DIRECT},
        what=("Set the labels of padding to the ignored index, and pass the attention mask.",),
        why=(
            "Padding is easy to predict, so it makes the loss look good and teaches nothing.",
            "{signal.metric_disagrees}",
        ),
        how=(
            "labels[attention_mask == 0] = -100   # own loss: F.cross_entropy(..., ignore_index=pad_id); keep the end token unmasked",
        ),
        verify=("The loss over non-padding positions alone equals the reported loss.",),
        effort="one line",
        supported_by=r"pad|mask|ignore_index",
        tried=r"(pad|ignore_index|attention_mask)",
        in_code=True,
    ),
    measurement(
        "data_pipeline/padding_in_loss",
        "Compute the loss with and without padding positions on one batch.",
        "l = F.cross_entropy(logits.flatten(0, 1), y.flatten(), reduction='none'); m = (y != pad_id).flatten(); print(l.mean().item(), l[m].mean().item(), m.float().mean().item())",
        "Different values mean that padding counts.",
    ),
    Cure(
        "padding_collate",
        {"data_pipeline/batch_collation": DIRECT},
        what=("Pad the samples of a batch to one shape in collate_fn.",),
        why=("torch.stack needs equal shapes.", ENDED),
        how=(
            "{if_hf}DataCollatorWithPadding(tokenizer)   # labels too: DataCollatorForTokenClassification or DataCollatorForSeq2Seq",
            "def collate(samples):\n    xs, ys = zip(*samples)\n    return nn.utils.rnn.pad_sequence(xs, batch_first=True), torch.tensor(ys)",
        ),
        verify=RUNS_ON,
        effort="code change",
        supported_by=r"collat|pad|resize|crop|stack",
        tried=r"(collat|pad)",
        in_code=True,
    ),
    Cure(
        "one_image_size",
        {"data_pipeline/batch_collation": USUAL},
        what=("Bring all images to one size and to 3 channels in the transform.",),
        why=(
            "Grey-scale and transparent images have 1 and 4 channels.",
            ("The first layer expects its input {channels}.", ENDED),
        ),
        how=(
            "Image.open(path).convert('RGB'); transforms.Resize((224, 224))  # a pair, not one number; the size your model takes",
        ),
        verify=RUNS_ON,
        effort="one line",
        when=lambda f: f.event("collate_unequal", "input_channels") is not None,
        supported_by=r"resize|convert|RGB|crop",
        tried=r"(resize|convert)",
    ),
    measurement(
        "data_pipeline/batch_collation",
        "Print the shapes and types of the samples of the failing batch.",
        "def collate(samples):\n    print([(type(v).__name__, getattr(v, 'shape', None), getattr(v, 'dtype', None)) for s in samples for v in s], flush=True)\n    return default_collate(samples)",
        "The sample that differs is the one to mend.",
    ),
    measurement(
        "data_pipeline/truncation",
        "Print the share of samples that are cut, and what is cut from one of them.",
        "n = [len(tokenizer(t)['input_ids']) for t in texts]; print(sum(k > limit for k in n) / len(n)); print(tokenizer.decode(tokenizer(texts[0])['input_ids'][limit:]))",
        "If the answer or label evidence is in the part that is cut, truncation is the cause.",
    ),
    Cure(
        "truncate_elsewhere",
        {"data_pipeline/truncation": USUAL},
        what=("Cut at the side that matters least (truncation_side='left' keeps the end).",),
        why=(
            "Cutting the end removes the answer, the question or the end token.",
            "The tokenizer warned: {longer_than}.",
        ),
        how=("tokenizer.truncation_side = 'left'   # or split long documents into windows with stride",),
        verify=("The decoded input of ten samples still holds what the label depends on.",),
        effort="one line",
        when=lambda f: not f.has("completions_clipped"),
        supported_by=r"truncat|stride|window",
        tried=r"truncation_side",
    ),
    Cure(
        "more_workers",
        {"data_pipeline/input_starvation": DIRECT},
        what=(
            "Raise the loader workers from {workers} to {workers_more} and pin memory.",
            "Load with 4 worker processes (rule of thumb) and pinned memory.",
        ),
        why=("The device idles while one process decodes.", "{signal.loader_bound}", "{signal.throughput_collapse}"),
        how=(
            "{workers_more_edit}",
            "DataLoader(..., num_workers=4, pin_memory=True, persistent_workers=True, prefetch_factor=4)",
        ),
        verify=("The time in the loader is below a tenth of the step time.",),
        effort="config change",
        supported_by=r"num_workers|prefetch|pin_memory|persistent",
        tried=r"num_workers",
        told="the number of workers is not the limit; look at the disk and at decoding",
        moves=("loader workers+", "memory+"),
    ),
    Cure(
        "prepare_data_once",
        {"data_pipeline/input_starvation": USUAL},
        what=("Decode, resize or tokenise once, store the result locally, and read that.",),
        why=("Work that is the same every epoch, or files on a network disk, cost their time every epoch.",),
        how=(
            "dataset = dataset.map(tokenize, batched=True, num_proc=8)   # images: resized copies or shards on the local disk",
        ),
        verify=("The time in the loader is below a tenth of the step time.",),
        effort="hours",
        supported_by=r"cache|preprocess|local|shard|disk",
        tried=r"(cach|preprocess|local disk)",
    ),
    measurement(
        "data_pipeline/input_starvation",
        "Time the loader and the step apart.",
        "t = time.perf_counter()\nfor b in loader:\n    load = time.perf_counter() - t; step(b); torch.cuda.synchronize()\n"
        "    print('load', load, 'step', time.perf_counter() - t - load); t = time.perf_counter()",
        "If load is the larger part, the accelerator waits for data.",
    ),
)
