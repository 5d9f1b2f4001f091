namespace MfRae.Lab.Cli.Progress;

/// <summary>How progress is shown: as a table that changes in place, or as lines. Calls come one at a time.</summary>
public interface IProgressForm
{
    void Begin(ProgressBoard board);

    /// <summary>A stage changed state.</summary>
    void Changed(StageView stage);

    /// <summary>A running stage told something new.</summary>
    void Progressed();

    /// <summary>A line that stays.</summary>
    void Say(string line);

    void End();
}
