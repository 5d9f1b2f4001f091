using MfRae.Lab.Cli.Output;
using MfRae.Lab.Cli.Progress;
using MfRae.Lab.Learning.Evaluation;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>Measures images of any origin. Numbers appear all together or not at all.</summary>
public sealed class EvaluateVerb(Terminal terminal, StopSignals signals, TimeProvider time)
{
    public int Execute(EvaluationRequest request, bool json)
    {
        using var progress = new EvaluationProgress(terminal, time);
        try
        {
            signals.Say = progress.Say;
            var result = new Evaluator(request, progress, signals.Stop).Run();
            progress.End();
            terminal.Out.Write(json ? EvaluationJson.Write(result) + "\n" : EvaluationText.Write(result));
            return ExitCode.Ok;
        }
        catch (IncomparableException refused)
        {
            progress.End();
            terminal.Error.WriteLine(refused.Message);
            return ExitCode.Incomparable;
        }
        catch (RequestException refused)
        {
            progress.End();
            terminal.Error.WriteLine(refused.Message);
            return ExitCode.Usage;
        }
    }
}
