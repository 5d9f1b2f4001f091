using MfRae.Lab.Core.Experiments;

namespace MfRae.Lab.Core.Planning;

/// <summary>Arms × seeds as a graph of keyed stages. A pure function of the experiment.</summary>
/// <param name="Stages">Every stage once, inputs before users.</param>
/// <param name="Runs">One per arm and seed, in the order of the file.</param>
/// <param name="Hash">SHA-256 of the run ids: changes when any stage of any run does.</param>
public sealed record Plan(
    Experiment Experiment,
    IReadOnlyList<StageNode> Stages,
    IReadOnlyList<PlannedRun> Runs,
    string Hash);

/// <summary>One arm under one seed.</summary>
/// <param name="Id">64 hex digits, from the arm's name, the seed and the stage keys.</param>
/// <param name="Stages">Role → stage key: every stage the run depends on. Roles are stage kinds, except `teacherSampling`
/// and `teacherEvaluation`, the teacher's own samples and their evaluation, `reference.SPLIT`, and `evaluation`, which an
/// oracle evaluation plays too.</param>
public sealed record PlannedRun(
    string Id,
    string Arm,
    long Seed,
    IReadOnlyDictionary<string, string> Stages);
