namespace MfRae.Lab.Core.Planning;

/// <summary>
/// The revision of the code behind each kind of stage. Raise it when a change to that code changes the numbers a stage
/// makes: its key changes, and with it the keys of everything downstream.
/// </summary>
public static class StageRevisions
{
    public static int Of(string kind) => kind switch
    {
        "dataset" => 1,
        "features" => 1,
        "reference" => 3,
        "ladder" => 1,
        "encoder" => 1,
        "probe" => 1,
        "decoder" => 1,
        "latents" => 1,
        "reconstruction" => 2,
        "teacher" => 1,
        "cmt" => 1,
        "meanflow" => 2,
        "snapshots" => 1,
        "sampling" => 2,
        "evaluation" => 2,
        "oracleEvaluation" => 1,
        "derivativeError" => 1,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "no such kind of stage"),
    };
}
