namespace MfRae.Lab.Learning.Evaluation;

/// <summary>Is told how an evaluation gets on. Calls come one at a time, from the evaluating thread.</summary>
public interface IEvaluationProgress
{
    /// <param name="what">What is being done, as `inception features of samples`.</param>
    void Step(string what, long done, long total);

    /// <summary>Something that the user should know.</summary>
    void Say(string line);
}
