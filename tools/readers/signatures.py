"""What known trouble looks like in text: one signature per kind, matched on the wording that stays stable over versions."""

import re
from typing import Literal, NamedTuple

from misrun.tools.readers.complaint_table import ATTEMPT, COMPLAINT_MEANINGS

SignatureKind = Literal["error", "warning", "kill", "notice"]

# id -> (kind, one line of meaning). Patterns are compiled beside it.
SIGNATURE_MEANINGS: dict[str, tuple[SignatureKind, str]] = {
    # memory and hardware
    "cuda_oom": ("error", "accelerator out of memory (all torch wordings, CUDA driver, MPS, HIP)"),
    "xla_oom": ("error", "XLA / TensorFlow RESOURCE_EXHAUSTED"),
    "host_oom_alloc": ("error", "host allocation refused: DefaultCPUAllocator, MemoryError, Cannot allocate memory"),
    "oom_killed": ("kill", "kernel, cgroup, SLURM or Kubernetes OOM kill"),
    "killed_sigkill": ("kill", "process killed by SIGKILL (Killed, exit 137 or -9) with no reason given"),
    "shm_exhausted": ("error", "DataLoader shared memory exhausted (bus error, shm)"),
    "worker_killed": ("error", "DataLoader worker killed or exited unexpectedly"),
    "segfault": ("kill", "segmentation fault (SIGSEGV, -11, 139)"),
    "bus_error": ("kill", "bus error (SIGBUS, -7, 135)"),
    "abort": ("kill", "SIGABRT (-6, 134)"),
    "disk_full": ("error", "no space left, quota exceeded, file write failed"),
    "gpu_fault": ("error", "ECC error, Xid, GPU fallen off the bus, illegal memory access, misaligned address, launch failure"),
    "gpu_unavailable": ("error", "no CUDA device, driver too old, no kernel image, invalid device ordinal"),
    "device_busy": ("error", "every device is busy or held by another process"),
    "cublas_error": ("error", "cuBLAS or cuDNN status error"),
    "device_assert": ("error", "CUDA device-side assert (the cause is in the assertion line before it)"),
    # distributed
    "collective_timeout": ("error", "NCCL/gloo watchdog: a collective timed out"),
    "collective_error": ("error", "NCCL/gloo error: system, remote, unhandled, network"),
    "collective_mismatch": ("error", "ranks called different collectives or shapes"),
    "peer_lost": ("error", "connection closed or reset by a peer (a consequence of its crash)"),
    "rendezvous_failed": ("error", "init_process_group, TCPStore or address-in-use failure"),
    "sigterm": ("kill", "process ended by SIGTERM (-15, 143): a victim, not the culprit"),
    "child_failed": ("error", "launcher summary: ChildFailedError, CalledProcessError of the launcher"),
    "time_limit": ("kill", "scheduler ended the job: time limit"),
    "preempted": ("kill", "job preempted or node failed"),
    "interrupted": ("kill", "KeyboardInterrupt"),
    "unused_parameters": ("error", "DDP: parameters not used in producing the loss"),
    # data
    "index_out_of_range": ("error", "embedding or index_select index out of range (python or device assertion)"),
    "target_out_of_bounds": ("error", "class target out of bounds (python or device assertion)"),
    "bce_range": ("error", "binary cross entropy input or target outside 0..1"),
    "collate_unequal": ("error", "stack expects each tensor to be equal size, unequal batch, cannot pad, ragged"),
    "decode_error": ("error", "text, image, audio or JSON could not be decoded"),
    "missing_file": ("error", "FileNotFoundError and like"),
    "missing_column": ("error", "KeyError or missing column while reading data"),
    "empty_dataset": ("error", "no samples: num_samples=0, empty split, length 0"),
    "nan_in_input": ("error", "input contains NaN or infinity"),
    "input_channels": ("error", "expected input to have N channels"),
    "length_exceeded": ("warning", "token sequence longer than the model's maximum"),
    "worker_exception": ("error", "exception in a DataLoader worker (the original traceback is inside)"),
    # model and software
    "shape_mismatch": ("error", "matmul, broadcast, view or cat with incompatible shapes"),
    "batch_size_mismatch": ("error", "input batch size does not match target batch size"),
    "view_incompatible": ("error", "view on a non-contiguous tensor"),
    "checkpoint_mismatch": ("error", "load_state_dict: missing, unexpected keys or size mismatch"),
    "checkpoint_unreadable": ("error", "checkpoint file corrupt, truncated or refused by weights_only"),
    "optimizer_state_mismatch": ("error", "optimizer state does not fit its parameters"),
    "optimizer_empty": ("error", "optimizer got an empty parameter list"),
    "dtype_mismatch": ("error", "tensors or target of the wrong dtype"),
    "device_mismatch": ("error", "tensors on different devices"),
    "no_grad_fn": ("error", "loss does not require grad"),
    "backward_twice": ("error", "backward through the graph a second time"),
    "inplace_modified": ("error", "variable needed for gradient modified in place"),
    "scaler_misuse": ("error", "GradScaler called in the wrong order, unscale FP16 gradients"),
    "import_error": ("error", "module missing or without that name"),
    "api_error": ("error", "AttributeError, TypeError, NameError: wrong call or name"),
    "invalid_config": ("error", "configuration refused: argparse, validation, incompatible options"),
    "access_denied": ("error", "gated repository, 401/403, connection or download failure"),
    "permission_denied": ("error", "PermissionError on a local path"),
    "tracer_leak": ("error", "JAX: tracer or concretization error"),
    # numerics
    "nonfinite_detected": ("error", "program stopped or warned because of NaN or infinity (loss, gradients, anomaly, FloatingPointError)"),
    "loss_scale_overflow": ("warning", "fp16 overflow, step skipped"),
    "loss_scale_minimum": ("error", "loss scale at its minimum"),
    # warnings that decide
    "scheduler_before_optimizer": ("warning", "lr_scheduler.step() before optimizer.step()"),
    "broadcast_target": ("warning", "target size differs from input size: the loss broadcasts"),
    "weights_new": ("warning", "some weights newly initialised or not used from the checkpoint"),
    "no_input_requires_grad": ("warning", "None of the inputs have requires_grad: gradients will be None"),
    "kl_negative": ("warning", "negative KL divergence in RLHF"),
    "setting_ignored": ("warning", "a setting is reported as ignored or overridden"),
    "step_skipped": ("warning", "optimizer step skipped or no gradients"),
    "early_stop": ("notice", "early stopping"),
    "resumed": ("notice", "resumed from a checkpoint"),
    "evaluation_started": ("notice", "an evaluation was announced"),
    "finished": ("notice", "the program said that training is complete"),
    # what a person says
    ATTEMPT: ("notice", "the user reports something that was tried"),
    **{name: ("warning", meaning) for name, meaning in COMPLAINT_MEANINGS.items()},
}  # fmt: skip


class Signature(NamedTuple):
    """One wording. `scope` "line" is safe on any line of a log; "exception" only on the text of an exception."""

    id: str
    pattern: re.Pattern[str]
    scope: Literal["line", "exception"]


_LINE: tuple[tuple[str, str], ...] = (
    # memory and hardware; the order decides where two wordings meet in one message, the more special first
    ("bce_range", r"all elements of (?:input|target) should be between 0 and 1|input_val >= zero && input_val <= one|target_val >= zero|Assertion [`'\"]input_val"),
    ("target_out_of_bounds", r"Target -?\d+ is out of bounds|t >= 0 && t < n_classes|cur_target >= 0 && cur_target < n_classes|idx_dim >= 0 && idx_dim < index_size|class values must be (?:smaller|non-negative)|Class values must|Label values? .{0,60}(?:outside|out of)|Received a label value of"),
    ("index_out_of_range", r"index out of range in self|srcIndex < srcSelectDimSize|index \d+ is out of bounds for dimension|ind(?:ex)? >=? -?\w{0,20}sizes?\[|vectorized_gather_kernel|indexSelect\w{0,30}Index|-sizes\[i\] <= index|indices\[.{1,40}\] = -?\d+ is not in \[0, \d+\)|index out of range: Tried to access"),
    ("gpu_fault", r"uncorrectable ECC|\bXid\b|cuda runtime error \(30\)|PCIe Bus Error: severity=Uncorrected|fallen off the bus|illegal memory access|misaligned address|unspecified launch failure|illegal instruction was encountered|hardware stack error|NVRM:|CUDA error: (?:an )?(?:unknown error|invalid (?:device context|resource handle)|operation not supported)|GPU is lost|HIP error: (?:an illegal|unspecified)|uncorrectable NVLink error|CUDA error: the launch timed out|CUDA unknown error|Memory access fault by GPU|Core halted unexpectedly|[Hh]ardware [Ee]rror\]|\bEDAC MC\d|Machine check (?:events|exception)|Driver/library version mismatch|\[Errno 5\] Input/output error|CUDA_ERROR_(?:ECC|LAUNCH_FAILED|ILLEGAL_ADDRESS)\w*|double bit error|critical medium error"),
    ("device_assert", r"device-side assert|\.cuh?:\d+.{0,300}Assertion [`'\"].{1,200}[`'\"] failed|block: \[\d+,\d+,\d+\].{0,100}Assertion"),
    ("xla_oom", r"RESOURCE_EXHAUSTED|ResourceExhaustedError(?!.{0,300}(?:quota|No space left))|Resource exhausted: |OOM when allocating tensor|BufferAssignment OOM"),
    ("cuda_oom", r"(?:cuda runtime error \(2\)|cudaErrorMemoryAllocation|error=2) ?:? ?out of memory|cudaSuccess.{0,30}out of memory|cuda (?:error|failed with error 2):? out of memory|(?:CUDA|HIP|MPS backend|XPU|NPU|MLU) out of memory|CUDA error: out of memory|CUDA_ERROR_OUT_OF_MEMORY|cudaErrorMemoryAllocation|(?<!ray\.exceptions\.)\bOutOfMemoryError\b(?!.{0,40}\b(?:Ray|Container killed|(?:Task|Worker)s? (?:was|were) killed))|CUDNN_STATUS_ALLOC_FAILED|CUBLAS_STATUS_ALLOC_FAILED|(?:GPU|device) (?:ran |is )?out of memory"),
    ("shm_exhausted", r"out of shared memory|insufficient shared memory|unable to (?:mmap|open shared memory|allocate shared memory|write to file </torch_)|killed by signal: Bus error|shared memory object .{0,80}No space|/dev/shm.{0,60}(?:No space|full)|shm\.h:\d+.{0,80}No space|No space left on device:? (?:\(28\))?.{0,3}[`'\"]?(?:/dev/shm|/psm_)|[Ee]rror while (?:creating|attaching to) shared memory segment|received 0 items of ancdata|Too many open files|creat(?:e|ing) shared memory segment.{0,80}(?:fail|No space)"),
    ("host_oom_alloc", r"DefaultCPUAllocator|Cannot allocate memory|\bMemoryError\b|std::bad_alloc|numpy\.core\._exceptions\._?ArrayMemoryError|Unable to allocate .{1,40} for an array|not enough memory: you tried to allocate|paging file is too small"),
    ("oom_killed", r"oom[-_]kill(?:er)?\b.{0,40}\bevent|\boom_kill event|OOM[ -]?Killed|\bOOMKilled\b|[Oo]ut of memory: Kill(?:ed)? process|Memory cgroup out of memory|cgroup out-of-memory handler|task \d+: Out Of Memory|oom-kill:constraint|exceeded (?:job |its )?memory limit|invoked oom-killer|killed due to the node running low on memory|used memory.{0,40} exceeds? .{0,40}limit|ray\.exceptions\.OutOfMemoryError|job killed: mem \d+\w* exceeded|TERM_MEMLIMIT|using all available RAM|tried to allocate more memory than is available\. It has restarted|ran out-of-memory and exited|systemd-oomd\S*: Killed|earlyoom\S*: sending SIG|due to memory pressure|oom_reaper: reaped|Exceeded (?:job|step) memory limit|being killed for exceeding (?:its )?memory|OutOfMemory(?:Error)?: Container killed|memory usage exceeded|OOM[ -]killed|exceeded memory limit\b.{0,80}being killed"),
    ("segfault", r"is killed by signal: Segmentation fault|Windows fatal exception: (?:access violation|stack overflow)|\(0xC0000005\)"),
    ("abort", r"is killed by signal: (?:Aborted|Illegal instruction|Floating point exception)|OMP: Error #\d+|MKL FATAL ERROR"),
    ("worker_killed", r"DataLoader worker \(pid(?:\(s\))? [\d, ]{1,200}\) (?:exited unexpectedly|is killed by signal)|A worker process .{0,40}(?:terminated|died) (?:abruptly|unexpectedly)|A process in the process pool was terminated abruptly|One of the subprocesses has abruptly died"),
    ("disk_full", r"No space left on device|[Dd]isk quota exceeded|write error: wrote \d+ blocks instead of|\d{1,20} requested and \d{1,20} written|PytorchStreamWriter failed|file write failed|disk (?:is )?full|\[enforce fail at inline_container\.cc:\d+\].{0,200}(?:write|unexpected pos)|ENOSPC|[Nn]ot enough (?:free )?disk space|File size limit exceeded|basic_ios::clear: iostream error|\[Errno 27\] File too large|\[Errno 30\] Read-only file system|low on resource: ephemeral-storage|kind: StorageFull|[Dd]isk usage exceeds|exceeded .{0,40}(?:disk|storage) quota"),
    ("gpu_unavailable", r"No CUDA GPUs are available|(?<!CUDA_ERROR_NO_DEVICE: )no CUDA-capable device|NVIDIA driver on your system is too old|Found no NVIDIA driver|CUDA driver version is insufficient|no kernel image is available|invalid device ordinal|Torch not compiled with CUDA enabled|CUDA initialization: |torch\.cuda\.is_available\(\) is False|CUDA driver initialization failed|system not yet initialized|is not compatible with the current PyTorch installation|cudaErrorNoKernelImageForDevice|Can't initialize NVML|NVIDIA-SMI has failed|forward compatibility was attempted|unsupported GPU"),
    ("device_busy", r"all CUDA-capable devices are busy|device\(s\) is/are busy or unavailable|exclusive[- ]process mode.{0,80}(?:in use|busy)"),
    ("cublas_error", r"CUBLAS_STATUS_\w+|CUDNN_STATUS_\w+|cuDNN error|Unable to find a valid cuDNN|GET was unable to find an engine"),
    # distributed; a timed-out collective may also say that it takes the process down
    ("collective_mismatch", r"SIZE_OR_SYNTAX_MISMATCH|COLLECTIVE_TYPE_MISMATCH|Detected mismatch between collectives|mismatch(?:ed)? (?:between )?collective|ranks? (?:are|is) running (?:different )?collective.{0,60}different|found input sizes|op\.preamble\.length <= op\.nbytes|likely desync|Collectives from ranks .{0,80}differ|MPI_ERR_TRUNCATE"),
    ("collective_timeout", r"Watchdog caught collective operation timeout|collective operation timeout|(?:Exception|timeout\)?) detected by watchdog|Timed out waiting \d+\s?ms for (?:recv|send)|NCCL operation timed out|watchdog got stuck|Heartbeat monitor timed out|\[.{0,10}Rank \d+\].{0,60}(?:NCCL )?watchdog thread terminated|Wait timeout|monitoredBarrier.{0,80}(?:timeout|failed)|failed to pass monitoredBarrier|DEADLINE_EXCEEDED: Barrier|waiting for remainder of ranks|NCCL heartbeat.{0,60}(?:timed out|stuck)|Some NCCL operations have failed or timed out"),
    ("rendezvous_failed", r"[Aa]ddress already in use|EADDRINUSE|RendezvousConnectionError|RendezvousTimeoutError|The server socket has failed|TCPStore.{0,120}(?:timed? ?out|fail|refused)|failed to connect to .{1,120}(?:29\d\d\d|rendezvous)|The client socket has (?:failed|timed out)|[Tt]imed out (?:initializing process group|after \d+ seconds waiting for clients)|Default process group has not been initialized|environment variable (?:MASTER_ADDR|RANK|WORLD_SIZE|MASTER_PORT) expected|Duplicate GPU detected|Broken pipe.{0,80}store|wait timeout after \d+ms, keys"),
    ("peer_lost", r"Connection (?:closed|reset|refused) by (?:remote )?peer|Connection reset by peer|Broken pipe|remote process (?:exited|has closed)|Socket closed by|ncclRemoteError|recvValueWithTimeout|Connection closed by remote|Connection was likely closed"),
    ("collective_error", r"NCCL error|ncclSystemError|ncclUnhandledCudaError|ncclInternalError|ncclInvalidUsage|unhandled (?:system|cuda) error|DistBackendError|ProcessGroupNCCL.{0,120}(?:[Ee]rror|taking the entire process down)|NCCL communicator was aborted|gloo.{0,120}(?:error|ENETUNREACH|EnforceNotMet)|MPI_ABORT was invoked|HorovodInternalError|NCCL WARN (?!.{0,40}Could not)"),
    ("time_limit", r"DUE TO TIME LIMIT|exceeded (?:the )?(?:wall ?time|time limit)|walltime .{0,40}exceeded|TIMEOUT \(job|job exceeded time|job killed: walltime|TERM_RUNLIMIT|this job is timed-out|DeadlineExceeded|exceeded its (?:maximum )?(?:run ?time|duration)|timeout: sending signal|[Cc]ommand .{0,60}exit code 124\b|reaching its maximum duration|MaxRuntimeExceeded"),
    ("preempted", r"DUE TO (?:PREEMPTION|JOB REQUEUE|NODE FAILURE|TASK FAILURE)|CANCELLED AT .{0,40}(?:PREEMPT|NODE)|(?:[Jj]ob|[Ii]nstance|[Nn]ode|VM|[Pp]od)\b.{0,60}[Pp]reempted|[Ss]pot [Ii]nstance.{0,40}(?:interrupt|terminat)|node fail(?:ed|ure)|[Rr]untime (?:has been )?disconnected|PREEMPTED|TERM_PREEMPT|this job is preempted|was requested to terminate"),
    ("interrupted", r"slurmstepd: error: \*\*\* (?:JOB|STEP) \S+ ON \S+ CANCELLED AT \S+ \*\*\*|Detected KeyboardInterrupt|TERM_OWNER|[Jj]ob (?:was )?cancell?ed by (?:the )?user|interrupted by signal 2"),
    ("child_failed", r"\bChildFailedError\b|subprocess\.CalledProcessError: Command .{0,2000}returned non-zero exit status|ProcessRaisedException|ProcessExitedException|exits with return code = [1-9-]"),
    ("sigterm", r"Signal 15 \(SIGTERM\)|[Rr]eceived (?:signal )?(?:15|SIGTERM)|closing signal SIGTERM|got signal: (?:15|1)\b|SignalException|terminated by SIGTERM|Received 1 death signal|closing signal SIGHUP|Received SIGHUP|\(SIGHUP\)"),
    ("unused_parameters", r"Expected to have finished reduction in the prior iteration|[Pp]arameters? that (?:were|was) not used in producing (?:the )?loss|parameter indices which did not receive grad|find_unused_parameters=True.{0,60}(?:error|to your)|marked (?:as )?ready twice|mark a variable ready only once"),
    # data
    ("collate_unequal", r"[Ee]xpected more than 1 (?:value|spatial element) per channel when training|stack expects each tensor to be equal size|expected sequence of length \d+ at dim|Sizes of tensors must match except in dimension 0.{0,60}Expected|each element in list of batch should be of equal size|Unable to create tensor, you should probably activate (?:truncation|padding)|(?:setting an array element with a sequence|inhomogeneous shape)|Trying to resize storage that is not resizable|[Ff]ound no collator|default_collate: batch must contain|Asking to pad but the tokenizer does not have a padding token|all input arrays must have the same shape|batch must contain tensors"),
    ("input_channels", r"expected input\[.{1,80}\] to have \d+ channels|expected .{0,80}to have \d+ channels, but got \d+|number of channels? .{0,60}(?:does not|doesn't) match|should have been \d+ channels|weight of size \[.{1,60}\], expected input"),
    ("empty_dataset", r"num_samples should be a positive integer|num_samples=0|[Dd]ataset (?:is|was) empty|empty (?:dataset|dataloader|split)|with n_samples=0|Found 0 (?:images|files|samples|videos)|No (?:images|samples|labels|training (?:data|examples|images|labels)|examples|data|files|annotations)(?: were)? found|\bzero examples|Found no (?:valid )?(?:file|image|label|sample)|resulting train set will be empty|no valid (?:samples|examples)|contains? no (?:samples|examples|data)|No labels (?:found )?in |[Cc]an ?not train without labels|`?train_dataset`? (?:is|has) (?:empty|length 0)"),
    ("nan_in_input", r"[Ii]nput (?:\w+ )?contains (?:NaN|infinity)|contains NaN, infinity or a value too large|NaN (?:values? )?(?:found|detected) in (?:the )?(?:input|data|batch|feature)|array must not contain infs or NaNs|Input contains NaN|cannot convert float NaN to integer|invalid combination of arguments.{0,5}NaN"),
    ("length_exceeded", r"[Tt]oken indices sequence length is longer than|sequence length .{0,60}(?:longer|greater|exceeds?|larger) .{0,60}max|longer than the (?:specified )?maximum sequence length|exceeds? (?:the )?(?:model's )?max(?:imum)? (?:sequence|context|position) length|Cannot forward sequence of length"),
    ("decode_error", r"codec can't (?:decode|encode)|cannot identify image file|image file is truncated|broken (?:data stream|PNG)|JSONDecodeError|Expecting (?:value|property name|',' delimiter|':' delimiter)|Error tokenizing data|[Cc]orrupt JPEG|[Ii]gnoring corrupt|Premature end of JPEG|Failed to (?:decode|load) (?:image|audio|video)(?! Python)|could not decode|Invalid (?:data found when processing input|PNG|image)|UnidentifiedImageError|JSON parse error|ArrowInvalid|DataLossError|corrupted record|LibsndfileError|Error opening .{1,200}(?:Format not recognised|File contains data in an unknown format)|not a valid (?:PNG|JPEG|image|WAV)"),
    # model and software
    ("checkpoint_mismatch", r"Error\(s\) in loading state_dict|size mismatch for |Missing key\(s\) in state_dict|Unexpected key\(s\) in state_dict|You should probably TRAIN this model.{0,5}mismatch|adding `ignore_mismatched_sizes|Shape mismatch in layer|Assign requires shapes of both tensors to match|checkpoint.{0,60}(?:shape|size)s? (?:do(?:es)?n't|does not|do not) match"),
    ("checkpoint_unreadable", r"PytorchStreamReader failed|Weights only load failed|invalid load key|failed finding central directory|HeaderTooLarge|SafetensorError|Error while deserializing header|MetadataIncompleteBuffer|unexpected EOF, expected \d+ more bytes|pickle data was truncated|storage has wrong (?:byte )?size|corrupt(?:ed)? checkpoint|checkpoint.{0,60}(?:is )?corrupt|not a ZIP archive|Unable to (?:synchronously )?open (?:file|object)|Unable to load weights from (?:pytorch )?checkpoint"),
    ("optimizer_state_mismatch", r"loaded state dict (?:contains a parameter group|has a different number)|doesn't match the size of optimizer's group|optimizer state.{0,60}(?:mismatch|does not match|doesn't match)"),
    ("optimizer_empty", r"optimizer got an empty parameter list|No trainable (?:parameters|weights)|ValueError: .{0,40}empty parameter list"),
    ("scaler_misuse", r"Attempting to unscale FP16 gradients|Attempted unscale_|unscale_\(\) has already been called|No inf checks were recorded|step\(\) has already been called since the last update"),
    ("inplace_modified", r"modified by an inplace operation|a (?:view of a )?leaf [Vv]ariable that requires grad .{0,60}in-?place|leaf Variable that requires grad"),
    ("backward_twice", r"backward through the graph a second time|Specify retain_graph=True|saved (?:intermediate )?(?:tensors|values).{0,60}(?:already been freed|after they have)"),
    ("no_grad_fn", r"does not require grad and does not have a grad_fn|grad can be implicitly created only for scalar|One of the differentiated Tensors (?:does not require grad|appears to not have been used)|No gradients provided for any variable|tensors? (?:does|do) not require grad"),
    ("view_incompatible", r"view size is not compatible with input tensor's size and stride"),
    ("batch_size_mismatch", r"Expected input batch_size \(\d+\) to match target batch_size|[Bb]atch sizes? (?:mismatch|do(?:es)? not match|must match)|Found input variables with inconsistent numbers of samples|Data cardinality is ambiguous|Size mismatch between tensors"),
    ("device_mismatch", r"Expected all tensors to be on the same device|Input type \(torch\.cuda\.\w{1,30}\) and (?:weight|bias) type \(torch\.[A-Z]|Input type \(torch\.[A-Z]\w{1,30}\) and (?:weight|bias) type \(torch\.cuda|is not on the expected device|expected device .{1,30} but got|on different devices|found at least two devices|but found one of them on device|Attempted to (?:access|set) the storage of.{0,60}device|module must have its parameters .{0,60}on device|can't convert cuda:\d+ device type tensor to numpy|indices should be either on cpu or on the same device|Placeholder storage has not been allocated on MPS"),
    ("dtype_mismatch", r"must have the same dtype|expected scalar type|expected target dtype|Found dtype \w+ but expected|expected m1 and m2 to have the same dtype|Input type \(.{0,60}\) and (?:weight|bias) type|not implemented for ['\"](?:Half|Long|Int|Byte|Bool|BFloat16|Float|Char|Short|Double|ComplexFloat)|result type \w+ can't be cast|Expected tensor for argument .{0,80}scalar type|Got unsupported ScalarType|can't convert np\.ndarray of type numpy\.object_|dtype mismatch|Could not infer dtype|should be Float|expected dtype|should have the same dtype|FlashAttention only supports? (?:fp16|Ampere)|Index tensors? must|tensors used as indices must be long|\bincompatible (?:types|dtypes?)\b"),
    ("shape_mismatch", r"shapes? cannot be multiplied|size mismatch, (?:m1|got|get)|must match the size of tensor|shape mismatch|shape '?\[.{0,80}\]'? is invalid for input of size|Sizes of tensors must match|Incompatible shapes|mat1 dim 1 must match mat2 dim 0|Expected \d+D.{0,30}(?:input|tensor|to)|dimension out of range|Dimension out of range|incompatible (?:shapes?|with the layer)|Given groups=\d+, weight of size|Kernel size can't be greater than|could not be broadcast together|must match the existing size|same (?:number of dimensions|size|shape)|inconsistent tensor size|invalid for input of size|input\.size\(-1\) must be equal to input_size|Expected (?:hidden|input)|Using a target size \(.{0,80}\) that is different to the input size .{0,120}(?:is deprecated|ValueError)|mismatch in shape|output with shape .{1,80} doesn't match the broadcast shape|(?:The )?shape of the (?:mask|2D attn_mask)|incompatible for (?:broadcasting|matmul)|dot_general requires|normalized_shape|embed_dim must be divisible|einsum\(\)|Dimensions must be equal|should be .{0,20}but is \("),
    ("tracer_leak", r"TracerBoolConversionError|TracerArrayConversionError|TracerIntegerConversionError|ConcretizationTypeError|UnexpectedTracerError|[Ll]eaked tracer|Abstract tracer value|NonConcreteBooleanIndexError"),
    # numerics
    ("loss_scale_minimum", r"Minimum loss scale reached|loss scale already at minimum|loss scale .{0,40}(?:reached|at) (?:its |the )?minimum|"
     # A scale of 1 or below scales nothing up any more (apex, DeepSpeed, fairseq print each halving).
     r"(?i:reducing (?:loss scale )?to |attempted loss scale: ?|loss scale: ?)(?:[01](?:\.0*)?|0?\.\d+|\d[\d.]*e-\d+)(?![\d.e])"),
    ("loss_scale_overflow", r"OVERFLOW!|gradient overflow(?: detected)?|Gradient overflow|[Oo]verflow detected|reducing loss scale|overflow(?:ed)?, skipping step"),
    ("nonfinite_detected", r"[Ll]oss was NaN for \d+ times in a row|returned nan values|is non-finite|[Ll]oss (?:is|was|became|=|:)\s?(?:nan|inf|infinite|NaN|not finite)\b.{0,40}(?:stop|abort|exit|skip|terminat|rais|quit|ending)|[Nn]on-?finite (?:loss|grad|value|norm|param|weight|activ)|(?:loss|grad(?:ient)?s?|output|logits|weights?|param\w*|tensor) (?:contains?|has|have|with|went|is|are|became|becomes) (?:a )?(?:NaN|nan|inf|Inf)\b|(?:NaN|nan|Nan|Inf) (?:loss|gradients?|values?|detected|encountered|found)\b(?! ?[:=]? {0,4}(?:nan|inf|[\d.]))|found NaN|NaN or Inf|nan or inf|invalid value \(nan\) encountered|Model diverged with loss = NaN|NanLossDuringTraining|Invalid loss, terminating|Unexpected result nan|Loss is (?:nan|inf)|probability tensor contains either|to satisfy the constraint|All .{0,40}NaN|overflow encountered in|divide by zero encountered|invalid value encountered in|numerically? unstable|(?:gradients?|loss) exploded|FloatingPointError|infinite loss"),
    # warnings that decide
    ("scheduler_before_optimizer", r"lr_scheduler\.step\(\)[`'\"]? before [`'\"]?optimizer\.step\(\)"),
    ("broadcast_target", r"Using a target size \(.{0,80}\) that is different to the input size"),
    ("weights_new", r"Some weights of .{0,200}(?:newly initialized|not used when initializing|were not initialized)|newly initialized because the shapes|You should probably TRAIN this model|Missing key\(s\) .{0,40}strict=False|_IncompatibleKeys\(missing_keys=\["),
    ("no_input_requires_grad", r"None of the inputs have requires_grad"),
    ("kl_negative", r"KL divergence is starting to become negative"),
    ("early_stop", r"[Ee]arly[- ]?stopp(?:ing|ed) (?:at|triggered|after|condition|activated|on epoch|in epoch|because|due|\.\.)|(?:^\W{0,6}|[:\]|\-] ?)(?:[Ee]arly[- ]?[Ss]topp(?:ing|ed)|EARLY STOPPING)[.! ]*$|[Ee]arly[- ]?[Ss]topping:? counter:? (\d+) (?:out )?of \1\b|[Pp]atience (?:\w+ ){0,2}(?:exceeded|exhausted|reached|ran out)|[Nn]o improvement .{0,60}\bstop(?:ping|ped)?\b|[Ss]topp(?:ing|ed) (?:the )?training (?:early|at epoch|after \d+ epochs without)|: early stopping|EarlyStopping: |Monitored metric .{1,80} did not improve|[Ss]topping early|[Ee]arly stop(?:ped)?!?$"),
    ("resumed", r"[Rr]esum(?:ed|ing) (?:training )?from|(?:[Rr]esum(?:ed|ing)|RESUM(?:ED|ING))\b.{0,100}?(?:\b|_)(?:step|epoch|iter(?:ation)?)s?\b.{0,3}\d|Restored? (?:all states )?from (?:the )?checkpoint|Continuing training from (?:checkpoint|global step)|[Ll]oad(?:ed|ing) checkpoint.{0,200}(?:epoch|step|iter)|Will skip the first \d+ epochs"),
    ("setting_ignored", r"ignoring ['\"`]?\w{1,40}(?:=[\w.-]+)?['\"`]?(?: and|,|$)|(?:will be|is being|is|are) ignored|has no effect|will have no effect|(?:is|was|will be|gets) overridden"),
    ("step_skipped", r"[Ss]kip(?:ping|ped) (?:this |the )?(?:optimizer )?(?:step|update|batch)|optimizer\.step\(\) (?:was )?skipped|(?:no|No) gradients? (?:for|found|were)|skipping optimizer"),
    ("evaluation_started", r"\*{3,} ?Running (?:\w+ )?(?:[Ee]valuation|[Vv]alidation|[Pp]rediction|[Tt]est\w*)|^\W{0,8}(?:\S{1,30} )?(?:(?:[Ss]tart(?:ing|ed)?|[Bb]egin(?:ning)?|[Rr]unning|[Dd]oing|[Nn]ow) (?:the |with )?)?(?:[Vv]alidat(?:ing|ion)|[Ee]valuat(?:ing|ion)|[Tt]esting)(?: (?:on|the|at|epoch|step|after|of|with|model|phase|loop|set|started|run)\b[^=:]{0,60})?\W{0,3}(?:\.\.\.|…|$)"),
    ("finished", r"[Tt]raining (?:is )?(?:completed?|finished|done)\b|[Ff]inished [Tt]raining|[Tt]rain(?:ing)? completed|Training time \d|Total training time|max_(?:epochs|steps)=\d+.{0,3} reached|epochs completed in|Completed training|done with training|\[after training is done\]|Optimization finished|reached max(?:imum)? (?:number of )?(?:steps|iterations|epochs)"),
)  # fmt: skip

# Wordings too loose for a line of prose or a metric line, but clear inside an exception's own text.
_EXCEPTION: tuple[tuple[str, str], ...] = (
    ("worker_exception", r"^\w*: ?Caught \w+ in DataLoader worker process \d+\.$"),
    ("access_denied", r"gated repo|(?:401|403) Client Error|(?:401|403) (?:Unauthorized|Forbidden)|GatedRepoError|RepositoryNotFoundError|LocalEntryNotFoundError|couldn't connect to|Max retries exceeded|ConnectionError|Connection(?:Timeout|Refused)|NewConnectionError|HTTPError|URLError|SSLError|is not a valid model identifier|is not a local folder|ReadTimeout|Couldn't reach|Name or service not known|OfflineModeIsEnabled|CommError|permission denied: .{0,40}entity|UsageError: .{0,40}(?:api_key|login)"),
    ("permission_denied", r"PermissionError|Permission denied|Read-only file system|\[Errno 13\]"),
    ("missing_column", r"^KeyError|[Cc]olumns? .{1,120}(?:not in|not found|missing)|not in index|None of \[.{1,120}\] are in the|No columns in the dataset match the model's forward|did not contain a loss from the inputs|Column(?:s)? to remove|Column .{1,80} not in the dataset|column names? .{0,60}don't match"),
    ("missing_file", r"FileNotFoundError|No such file or directory|\[Errno 2\]|(?:does not exist|doesn't exist|not found)[.!]?$|Unable to find .{1,80}(?:file|dataset)|couldn't find (?:a )?(?:dataset|data file)|Couldn't find (?:a|any) (?:dataset|data file)|NotADirectoryError|no file named|Entry Not Found|Image Not Found|[Cc]an(?:no|')t (?:find|open|locate) .{0,80}(?:file|path|director)|File .{1,200} cannot be opened|EntryNotFoundError|DatasetNotFoundError|is not a (?:file|directory)"),
    ("import_error", r"ModuleNotFoundError|ImportError|No module named|cannot import name|undefined symbol|DLL load failed|cannot open shared object|requires? the .{1,60}(?:library|package)|is not installed|Failed to import|Please (?:pip )?install"),
    ("invalid_config", r"ArgumentError|unrecognized arguments|the following arguments are required|invalid choice|argument -|ValidationError|ConfigAttributeError|ConfigKeyError|MissingMandatoryValue|Could not override|is not a valid|must be (?:one of|divisible|greater|less|positive|a positive|between|set|specified|an? (?:integer|float|int|string)|either|in )|should be one of|mutually exclusive|cannot (?:both|be both|be used together|be combined)|not compatible with|requires? (?:either |that )?(?:--|`)|Unrecognized (?:configuration|keys)|evaluation (?:and save )?strateg|[Ii]nvalid (?:value|option|argument|configuration|learning rate|beta|eps|weight_decay|momentum)|unknown (?:optimizer|scheduler|loss|activation|config)|not divisible by|`\w+` (?:must|should|needs|cannot)|Unsupported|unsupported (?:option|config|value)|Unknown (?:key|option|argument)|expected one of|batch_size.{0,40}is not equal to|Mixed precision .{0,80}(?:can only|requires)|train_batch_size is not equal|MisconfigurationException|does not support|not supported"),
    ("nonfinite_detected", r"\b(?:NaN|nan|inf|Inf|infinity|non-finite|nonfinite)\b.{0,80}(?:loss|grad|value|detect|found|encounter|output|tensor|norm)|(?:loss|grad\w*|value|output|norm)\b.{0,80}\b(?:NaN|nan|inf|non-finite|nonfinite|infinite|not finite)\b|math domain error|isfinite|isnan|diverged"),
    ("decode_error", r"UnicodeDecodeError|Unicode(?:Encode)?Error|ParserError|YAMLError|ScannerError|[Cc]orrupt|could not convert string to float|invalid literal for int|BadZipFile|not a gzip(?:ped)? file|EOFError|truncated"),
    ("index_out_of_range", r"index out of bounds|list index out of range|index \d+ is out of bounds|out of range$"),
    ("dtype_mismatch", r"\bdtype\b.{0,60}(?:but|expected|got)|can't be cast|cannot be cast|unsupported operand type.{0,60}Tensor"),
    ("device_mismatch", r"\b(?:cuda|cpu|mps)\b.{0,60}\b(?:but|and|vs)\b.{0,60}\b(?:cuda|cpu|mps)\b"),
    ("shape_mismatch", r"(?:shape|size|dimension|dim)s?\b.{0,100}(?:mismatch|do(?:es)?n't match|does not match|do not match|not equal|incompatible|must match|expected)|not enough values to unpack|too many values to unpack|only one element tensors can be converted|a Tensor with \d+ elements cannot be converted|expected .{0,60}(?:shape|dim)"),
)  # fmt: skip

# What an exception type says when its text says nothing more special. Built-in exceptions: docs.python.org/3/library/exceptions.html
_BY_TYPE: dict[str, str] = {
    "OutOfMemoryError": "cuda_oom",
    "MemoryError": "host_oom_alloc",
    "KeyboardInterrupt": "interrupted",
    "ChildFailedError": "child_failed",
    "CalledProcessError": "child_failed",
    "ProcessRaisedException": "child_failed",
    "ProcessExitedException": "child_failed",
    "SignalException": "sigterm",
    "DistBackendError": "collective_error",
    "DistNetworkError": "rendezvous_failed",
    "DistStoreError": "rendezvous_failed",
    "ConnectionResetError": "peer_lost",
    "BrokenPipeError": "peer_lost",
    "BrokenProcessPool": "worker_killed",
    "TerminatedWorkerError": "worker_killed",
    "KeyError": "missing_column",
    "FileNotFoundError": "missing_file",
    "NotADirectoryError": "missing_file",
    "IsADirectoryError": "missing_file",
    "PermissionError": "permission_denied",
    "ConnectionError": "access_denied",
    "HTTPError": "access_denied",
    "UnicodeDecodeError": "decode_error",
    "JSONDecodeError": "decode_error",
    "ParserError": "decode_error",
    "UnidentifiedImageError": "decode_error",
    "FloatingPointError": "nonfinite_detected",
    "ZeroDivisionError": "nonfinite_detected",
    "OverflowError": "nonfinite_detected",
    "ModuleNotFoundError": "import_error",
    "ImportError": "import_error",
    "AttributeError": "api_error",
    "TypeError": "api_error",
    "NameError": "api_error",
    "UnboundLocalError": "api_error",
    "NotImplementedError": "api_error",
    "SyntaxError": "api_error",
    "IndentationError": "api_error",
    "TabError": "api_error",
    "ValidationError": "invalid_config",
    "ArgumentError": "invalid_config",
    "MisconfigurationException": "invalid_config",
}
# Consequences by their nature: something else came first.
CONSEQUENCES = frozenset({"peer_lost", "sigterm", "child_failed"})


def _compiled(rows: tuple[tuple[str, str], ...], scope: Literal["line", "exception"]) -> tuple[Signature, ...]:
    return tuple(Signature(id, re.compile(pattern), scope) for id, pattern in rows)


SIGNATURES: tuple[Signature, ...] = _compiled(_LINE, "line") + _compiled(_EXCEPTION, "exception")
LINE_SIGNATURES = tuple(signature for signature in SIGNATURES if signature.scope == "line")


def line_signature(text: str) -> str | None:
    """The signature of a line outside a traceback, or None."""
    return next((signature.id for signature in LINE_SIGNATURES if signature.pattern.search(text)), None)


def exception_signature(exception: str, message: str) -> str | None:
    """The signature of an exception: its wording first, then what its type alone says; None when neither is known.

    Wordings of warnings and notices do not count here: a program that raised did more than warn.
    """
    text = f"{exception}: {message}"
    found = (s.id for s in SIGNATURES if SIGNATURE_MEANINGS[s.id][0] in ("error", "kill") and s.pattern.search(text))
    return next(found, None) or _BY_TYPE.get(exception.rsplit(".", 1)[-1])
