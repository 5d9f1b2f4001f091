namespace MfRae.Lab.Core.Execution;

/// <summary>Computes one stage: reads input folders, writes files into its own folder, reports to its journal.</summary>
public interface IStage
{
    /// <summary>Runs to the end, or from the last checkpoint in the folder to the end.</summary>
    /// <exception cref="OperationCanceledException">Stopped at the user's request, after a checkpoint.</exception>
    /// <exception cref="DivergedException">The numbers left the finite range; the journal holds the curve up to there.</exception>
    /// <exception cref="Experiments.LabException">A file or device is not as needed.</exception>
    void Run(StageContext context);
}
