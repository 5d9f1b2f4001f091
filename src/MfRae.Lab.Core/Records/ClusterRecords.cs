using System.Text.Json.Serialization;
using MfRae.Lab.Core.Planning;

namespace MfRae.Lab.Core.Records;

/// <summary>The resources of Slurm jobs, from a profile file. The first options are the defaults of all stages.</summary>
/// <param name="Partition">The partition; null: the cluster's default.</param>
/// <param name="Account">The account that is charged; null: the user's default.</param>
/// <param name="Qos">The quality of service; null: the default.</param>
/// <param name="Constraint">Features that a node must have, such as `a100`.</param>
/// <param name="Time">The time limit of a job in Slurm's notation, such as `8:00:00` or `2-00:00:00`. A job that reaches it continues in a new start.</param>
/// <param name="Cpus">Cores of a job. A worker has as many numeric threads.</param>
/// <param name="Gpus">GPUs of a job: 0 or 1. Stages without a GPU compute on the CPU.</param>
/// <param name="Memory">The memory of a job in Slurm's notation, such as `32G`; null: the partition's default.</param>
/// <param name="ShortMinutes">Stages of one arm and seed share a job up to this predicted time.</param>
/// <param name="MaxRequeues">How often a job that reaches its time limit is started again.</param>
/// <param name="Prologue">Lines of the batch scripts before the program, such as `module load cuda`.</param>
/// <param name="Stages">Kind of stage → its differences from the defaults.</param>
/// <param name="Ranks">Processes that compute a stage together. Each has the cores and the GPU of a job.</param>
/// <param name="RankLauncher">What starts them inside a job: mpirun or srun.</param>
public sealed record ClusterProfile(
    string? Partition = null,
    string? Account = null,
    string? Qos = null,
    string? Constraint = null,
    string Time = "24:00:00",
    int Cpus = 4,
    int Gpus = 0,
    string? Memory = null,
    double ShortMinutes = 30,
    int MaxRequeues = 100,
    IReadOnlyList<string>? Prologue = null,
    IReadOnlyDictionary<string, StageResources>? Stages = null,
    int Ranks = 1,
    string RankLauncher = RunSettings.Mpirun)
{
    /// <summary>The resources of a stage.</summary>
    /// <param name="kind">The kind of the stage.</param>
    public JobResources Of(string kind)
    {
        var own = Stages is not null && Stages.TryGetValue(kind, out var differences) ? differences : new();
        return new(
            own.Partition ?? Partition, own.Account ?? Account, own.Qos ?? Qos, own.Constraint ?? Constraint, own.Time ?? Time,
            own.Cpus ?? Cpus, own.Gpus ?? Gpus, own.Memory ?? Memory, own.Ranks ?? Ranks);
    }

    /// <summary>The resources of a stage. Only a stage that several processes can compute has several ranks.</summary>
    public JobResources Of(StageNode stage)
    {
        var resources = Of(stage.Kind);
        return stage.Definition.TakesRanks() ? resources : resources with { Ranks = 1 };
    }
}

/// <summary>The differences of one kind of stage from the defaults of a <see cref="ClusterProfile"/>, whose names the options have.</summary>
/// <param name="Partition">The partition.</param>
/// <param name="Account">The account.</param>
/// <param name="Qos">The quality of service.</param>
/// <param name="Constraint">Features of the node.</param>
/// <param name="Time">The time limit.</param>
/// <param name="Cpus">Cores.</param>
/// <param name="Gpus">GPUs.</param>
/// <param name="Memory">Memory.</param>
/// <param name="Ranks">Processes that compute a stage together.</param>
public sealed record StageResources(
    string? Partition = null,
    string? Account = null,
    string? Qos = null,
    string? Constraint = null,
    string? Time = null,
    int? Cpus = null,
    int? Gpus = null,
    string? Memory = null,
    int? Ranks = null);

/// <summary>The resources of a job. Stages share a job only if all are equal.</summary>
/// <param name="Partition">The partition.</param>
/// <param name="Account">The account.</param>
/// <param name="Qos">The quality of service.</param>
/// <param name="Constraint">Features of the node.</param>
/// <param name="Time">The time limit.</param>
/// <param name="Cpus">Cores of each rank.</param>
/// <param name="Gpus">GPUs of each rank.</param>
/// <param name="Memory">Memory of each node.</param>
/// <param name="Ranks">Processes that compute a stage together.</param>
public sealed record JobResources(
    string? Partition, string? Account, string? Qos, string? Constraint, string Time, int Cpus, int Gpus, string? Memory, int Ranks = 1);

/// <summary>An array of jobs: everything that its tasks need to compute their stages.</summary>
/// <param name="Format">Version of this record; 1.</param>
/// <param name="Experiment">The experiment that the stages are computed for.</param>
/// <param name="WorkingDirectory">The folder that relative paths in options start from.</param>
/// <param name="Settings">The settings of the stages. The number of threads is given, since the cores of the nodes may differ.</param>
/// <param name="RetryFailed">Whether failed stages start from the beginning.</param>
/// <param name="MaxRequeues">How often a task that reaches its time limit is started again.</param>
/// <param name="Run">The command that submitted the array, for the record of each attempt.</param>
/// <param name="Stages">The stages of all tasks.</param>
/// <param name="Tasks">The tasks.</param>
/// <param name="Flops">Estimated floating-point operations by stage key.</param>
/// <param name="Memory">Estimated memory of trainings by stage key.</param>
public sealed record JobArray(
    int Format,
    string Experiment,
    string WorkingDirectory,
    RunSettings Settings,
    bool RetryFailed,
    int MaxRequeues,
    RunOrigin? Run,
    IReadOnlyList<StageNode> Stages,
    IReadOnlyList<JobTask> Tasks,
    IReadOnlyDictionary<string, double>? Flops = null,
    IReadOnlyDictionary<string, TrainingMemory>? Memory = null);

/// <summary>One task of an array of jobs.</summary>
/// <param name="Index">The index of the task in Slurm's array.</param>
/// <param name="Keys">The keys of its stages, inputs before users.</param>
public sealed record JobTask(int Index, IReadOnlyList<string> Keys);

/// <summary>The record that a job writes when it ends. Slurm's own accounting is not needed.</summary>
/// <param name="Format">Version of this record; 1.</param>
/// <param name="Job">The job, such as `12_3`.</param>
/// <param name="Restart">How often Slurm had started the job before.</param>
/// <param name="Host">The host of the job.</param>
/// <param name="At">When it ended.</param>
/// <param name="Code">The exit code of the job.</param>
/// <param name="Stages">Key → state, for the stages that the job reached.</param>
/// <param name="Message">Why it ended without all results; null if it was only asked to stop.</param>
public sealed record JobExit(
    int Format,
    string Job,
    int Restart,
    string Host,
    DateTimeOffset At,
    int Code,
    IReadOnlyDictionary<string, string> Stages,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Message = null);
