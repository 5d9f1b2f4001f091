using System.Globalization;
using System.Text;
using MfRae.Lab.Cli.Verbs;
using MfRae.Lab.Core.Upkeep;

namespace MfRae.Lab.Cli.Output;

/// <summary>What a verification found, for people and for programs.</summary>
public static class VerificationText
{
    public static string Text(Verification found)
    {
        var text = new StringBuilder();
        var table = new TextTable("stage", "files", "bytes", "key", "result");
        foreach (var stage in found.Stages)
            table.Add(stage.Label, Number(stage.Files), Number(stage.Bytes), stage.Key[..10], Result(stage));
        text.Append(table);
        foreach (var stage in found.Stages)
            foreach (var problem in stage.Problems)
                text.AppendLine(CultureInfo.InvariantCulture, $"mismatch: {stage.Label}: {PrintableText.Of(problem)}");
        if (found.Page is { } page)
            text.AppendLine(CultureInfo.InvariantCulture, $"mismatch: {page}");
        foreach (var source in found.Source)
            text.AppendLine(CultureInfo.InvariantCulture, $"differs: {source}");
        foreach (var field in found.Environment)
            text.AppendLine(
                CultureInfo.InvariantCulture,
                $"differs: {field.Field}: {Or(field.Recorded)} in {field.Stages} stages, {Or(field.Here)} here");
        var verdict = found.Mismatch ? "is not what was recorded"
            : found.Differs ? "is what was recorded; what it was computed with differs from what is here"
            : "is what was recorded";
        return text.AppendLine(CultureInfo.InvariantCulture, $"{found.Subject} {verdict}").ToString();
    }

    public static string Json(Verification found) => JsonText.Write(json =>
    {
        json.WriteStartObject();
        json.WriteString("subject", found.Subject);
        json.WriteBoolean("mismatch", found.Mismatch);
        json.WriteBoolean("differs", found.Differs);
        json.WriteString("page", found.Page);
        json.Objects("stages", found.Stages, stage =>
        {
            json.WriteString("key", stage.Key);
            json.WriteString("label", stage.Label);
            json.WriteNumber("files", stage.Files);
            json.WriteNumber("bytes", stage.Bytes);
            json.WriteString("remark", stage.Remark);
            json.Strings("problems", stage.Problems);
        });
        json.Strings("source", found.Source);
        json.Objects("environment", found.Environment, field =>
        {
            json.WriteString("field", field.Field);
            json.WriteString("recorded", field.Recorded);
            json.WriteString("here", field.Here);
            json.WriteNumber("stages", field.Stages);
        });
        json.WriteEndObject();
    }) + System.Environment.NewLine;

    private static string Result(StageVerification stage) => stage.Problems.Count > 0 ? "mismatch" : stage.Remark ?? "ok";

    private static string Or(string text) => text.Length == 0 ? "none" : PrintableText.Of(text);

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
}
