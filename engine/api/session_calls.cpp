// The C functions of sessions.
#include <unistd.h>

#include <memory>

#include "engine/api/call.hpp"
#include "engine/api/model.hpp"
#include "engine/api/session.hpp"

using allconv::Error;
using allconv::ErrorKind;

namespace api = allconv::api;

namespace {

// The session's. Threads do not survive a fork, and whoever waited for them would wait forever.
api::Session& session_of(allconv_session* session) {
  api::require(session, "session");
  if (session->process != getpid()) {
    throw Error(ErrorKind::usage, "belongs to the process that this one was forked off", "session",
                "make one in this process");
  }
  return session->session;
}

}  // namespace

extern "C" {

allconv_status allconv_session_create(const allconv_model* model,
                                      const allconv_session_options* options,
                                      allconv_session** session) {
  return api::call([&] {
    api::require(model, "model");
    api::require(session, "session");
    const api::SessionSettings settings = api::read_settings(options, *model->model);
    *session = new allconv_session{api::Session(model->model, settings), getpid()};
  });
}

void allconv_session_free(allconv_session* session) {
  if (session != nullptr && session->process != getpid()) session->session.forget_threads();
  delete session;
}

allconv_status allconv_session_memory(const allconv_model* model,
                                      const allconv_session_options* options,
                                      allconv_memory* memory) {
  return api::call([&] {
    api::require(model, "model");
    api::require(memory, "memory");
    const allconv::MemoryNeed need =
        memory_need(*model->model, api::read_settings(options, *model->model));
    *memory = {.host = need.host, .device = need.device};
  });
}

const char* allconv_session_device(const allconv_session* session) {
  return session->session.device_text().c_str();
}

allconv_status allconv_session_model(const allconv_session* session, allconv_model** model) {
  return api::call([&] {
    api::require(model, "model");
    auto* const own = const_cast<allconv_session*>(session);
    *model = new allconv_model(session_of(own).model());
  });
}

allconv_status allconv_score(allconv_session* session, const allconv_images* images,
                             const allconv_scores* scores) {
  return api::call([&] {
    api::require(images, "images");
    api::require(scores, "scores");
    session_of(session).score(*images, *scores);
  });
}

allconv_status allconv_explain(allconv_session* session, const allconv_images* images,
                               const allconv_unit* targets, allconv_method method,
                               const allconv_explanations* explanations) {
  return api::call([&] {
    api::require(images, "images");
    api::require(explanations, "explanations");
    if (images->count > 0) api::require(explanations->maps, "explanations: maps");
    session_of(session).explain(*images, targets, method, *explanations);
  });
}

allconv_status allconv_train_step(allconv_session* session, const allconv_images* images,
                                  const int32_t* labels, const allconv_sgd* sgd,
                                  allconv_step* step) {
  return api::call([&] {
    api::require(images, "images");
    api::require(labels, "labels");
    api::require(sgd, "sgd");
    const allconv_step done = session_of(session).train_step(*images, labels, *sgd);
    if (step != nullptr) *step = done;
  });
}
}
